import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { largestOf } from '../../bigints';
import { isWorthAnotherTry } from '../../postgres/database-failure';
import { RunKernelStatement } from '../../schema/kernel-statement';
import { AppendVerdict } from '../append-verdict';
import { PreparedAppend } from '../prepare-append';
import { AppendSignal } from '../progress-signal';
import { appendBatch } from './append-batch';
import { measured } from './append-diagnostics';
import { AppendNotices } from './append-notices';

/** Pauses before a batch is sent again on a new connection, in milliseconds. */
const retryDelays = [20, 100, 500];

/** Sends batches of appends to the database, and wakes the subscriptions when one was answered. */
export class AppendBatches {
  private readonly logger = new Logger(AppendBatches.name);

  constructor(
    private readonly run: RunKernelStatement,
    private readonly signal: AppendSignal,
    private readonly notices: AppendNotices,
  ) {}

  /** The verdicts in the order of the batch. */
  send(batch: readonly PreparedAppend[]): Promise<readonly AppendVerdict[]> {
    return measured(batch, () => this.sendBatch(batch));
  }

  /**
   * A lost connection leaves open whether the batch was stored; a deadlock or a serialization failure stored nothing. The event ids
   * make it safe to send it again.
   */
  private async sendBatch(
    batch: readonly PreparedAppend[],
    [pause, ...later]: readonly number[] = retryDelays,
  ): Promise<readonly AppendVerdict[]> {
    try {
      const verdicts = await appendBatch(batch, this.run);
      this.tell(verdicts);
      this.notices.tell();
      return verdicts;
    } catch (error) {
      if (pause === undefined || !isWorthAnotherTry(error)) throw error;
      this.logger.warn(`An append is sent again: ${(error as Error).message}`);
      await delay(pause);
      return this.sendBatch(batch, later);
    }
  }

  private tell(verdicts: readonly AppendVerdict[]): void {
    // A conflict tells that another process has appended.
    if (verdicts.some(({ verdict }) => verdict !== 'appended')) this.signal.notify();
    const last = largestOf(verdicts.map(({ verdict, position }) => (verdict === 'appended' ? position : 0n)));
    if (last > 0n) this.signal.appendedUpTo(last);
  }
}
