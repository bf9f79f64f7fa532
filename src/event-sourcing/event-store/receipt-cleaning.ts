import { setTimeout as delay } from 'node:timers/promises';
import { BeforeApplicationShutdown, Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { startPurpose } from '../start-purpose';
import { EventStore } from './event-store';

/** Pause between two rounds, in milliseconds. */
const betweenRoundsMs = 60_000;

/** Receipts deleted by one statement, so that none of them takes long. */
const batchSize = 1_000;

/**
 * Deletes receipts that have run out, in every process: at the start, and then round after round until none is left. What is
 * not deleted yet counts no more, so nothing hangs on it but the size of the table.
 */
@Injectable()
export class ReceiptCleaning implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ReceiptCleaning.name);
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(private readonly store: EventStore) {}

  onApplicationBootstrap(): void {
    if (startPurpose() !== 'service') return;
    this.running ??= this.run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await this.cleanOnce().catch((error: Error) =>
        this.logger.warn(`Receipts that have run out were not deleted, trying again later: ${error.message}`),
      );
      await delay(betweenRoundsMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async cleanOnce(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      if ((await this.store.deleteExpiredReceipts(batchSize)) < batchSize) return;
    }
  }
}
