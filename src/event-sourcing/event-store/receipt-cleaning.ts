import { setTimeout as delay } from 'node:timers/promises';
import { BeforeApplicationShutdown, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { EventStore } from './event-store';

export interface ReceiptCleaningSettings {
  /** Pause between two rounds, in milliseconds. */
  readonly everyMs: number;
  /** Receipts deleted by one statement, so that none of them takes long. */
  readonly batchSize: number;
}

/**
 * Deletes receipts that have run out, in every process: at the start, and then round after round until none is left. What is
 * not deleted yet counts no more, so nothing hangs on it but the size of the table.
 */
export class ReceiptCleaning implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ReceiptCleaning.name);
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly store: EventStore,
    private readonly settings: ReceiptCleaningSettings = { everyMs: 60_000, batchSize: 1_000 },
  ) {}

  onApplicationBootstrap(): void {
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
      await delay(this.settings.everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async cleanOnce(): Promise<void> {
    const { batchSize } = this.settings;
    while (!this.stopping.signal.aborted) {
      if ((await this.store.deleteExpiredReceipts(batchSize)) < batchSize) return;
    }
  }
}
