import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { EventStore } from '../event-store/event-store';
import { AppendSignal, ProgressSignal } from '../event-store/progress-signal';
import { Projection } from '../projections/projection';
import { checkContiguous } from './contiguous';
import { Lease, LeaseLostError, Leases } from './leases';
import { SubscriptionSettings } from './subscription-settings';

export interface ProjectionLoopParts {
  readonly store: EventStore;
  readonly dataSource: DataSource;
  readonly leases: Leases;
  readonly appended: AppendSignal;
  /** Moved whenever this process has moved a checkpoint. */
  readonly projected: ProgressSignal;
  readonly settings: SubscriptionSettings;
}

/**
 * Follows the log for one projection: takes the lease, reads after the checkpoint, writes rows and checkpoint in one
 * transaction, and starts over from what is stored after any failure.
 */
export class ProjectionLoop {
  private readonly logger = new Logger(ProjectionLoop.name);
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private failures = 0;

  constructor(
    private readonly projection: Projection,
    private readonly parts: ProjectionLoopParts,
  ) {}

  /** How often it failed in a row: 0 while all is well. */
  get failuresInARow(): number {
    return this.failures;
  }

  get name(): string {
    return this.projection.name;
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Finishes the batch that is under way, and gives the lease back. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await this.takeTurn();
      } catch (error) {
        await this.recoverFrom(error);
      }
    }
  }

  private async takeTurn(): Promise<void> {
    const { leases, settings } = this.parts;
    const { name, version } = this.projection.definition;
    const lease = await leases.take(name, version);
    if (!lease) {
      // Another process goes on; what failed here is no longer the state of things.
      this.failures = 0;
      return this.pause(settings.pollMs);
    }
    if (this.failures === 0)
      this.logger.log(`Projecting "${name}" after position ${lease.position} (epoch ${lease.epoch}).`);
    const lost = new AbortController();
    const heartbeat = this.keep(lease, lost);
    try {
      await this.follow(lease, AbortSignal.any([this.stopping.signal, lost.signal]));
    } finally {
      clearInterval(heartbeat);
      await leases.release(lease).catch((error: Error) => this.logger.warn(`"${name}": ${error.message}`));
    }
  }

  /** Renews the lease by a timer, so that a long batch does not lose it. */
  private keep(lease: Lease, lost: AbortController): NodeJS.Timeout {
    return setInterval(
      () => {
        this.parts.leases.renew(lease).catch((error: Error) => {
          if (error instanceof LeaseLostError) lost.abort();
          this.logger.warn(`"${lease.name}": the lease was not renewed: ${error.message}`);
        });
      },
      (this.parts.settings.leaseSeconds * 1_000) / 3,
    );
  }

  private async follow(lease: Lease, stop: AbortSignal): Promise<void> {
    const { store, appended, settings } = this.parts;
    let position = lease.position;
    while (!stop.aborted) {
      const seen = appended.count;
      const events = await store.readAll({ after: position, limit: settings.batchSize });
      const last = events.at(-1);
      if (!last) {
        this.failures = 0;
        await appended.wait(seen, settings.pollMs, stop);
        continue;
      }
      checkContiguous(events, position);
      await this.parts.dataSource.transaction(async (manager) => {
        await this.projection.apply(events, manager);
        await this.parts.leases.moveCheckpoint(manager, lease, position, last.position);
      });
      position = last.position;
      this.failures = 0;
      this.parts.projected.notify();
    }
  }

  private async recoverFrom(error: unknown): Promise<void> {
    const { name } = this.projection;
    if (error instanceof LeaseLostError) {
      this.logger.warn(error.message);
      return;
    }
    this.failures++;
    const pause = Math.min(this.parts.settings.maxBackoffMs, 50 * 2 ** this.failures);
    const { message, stack } = error as Error;
    this.logger.error(
      `"${name}" failed ${this.failures} times in a row, trying again in ${pause} ms: ${message}`,
      stack,
    );
    await this.pause(pause * (0.5 + Math.random() / 2));
  }

  private async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}
