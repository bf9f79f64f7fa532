import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { describeThrown, failureInWords, isOf } from '../../describe-thrown';
import { subscriptionBatch, subscriptionFailure } from '../diagnostics';
import { AppendSignal, ProgressSignal } from '../../event-store/progress-signal';
import { endInTime, WorkGivenUpError } from './end-in-time';
import { EventRunner } from './event-runner';
import { FairShare, Place } from './fair-share';
import { PageRhythm } from './page-rhythm';
import { WantedReadModels } from './wanted-read-models';
import { Lease, LeaseLostError, Leases } from '../checkpoints/leases';
import { LogPages } from '../../log/log-pages';
import { SharedLog } from '../../log/shared-log';
import { labelOf, originOf, Subscriber } from '../subscriber';
import { SubscriptionSettings } from '../subscription-settings';

/** One lease, from taking it to giving it back. */
interface Following {
  readonly lease: Lease;
  readonly place: Place;
  /** It is to end what it does. */
  readonly stop: AbortSignal;
  /** It did not end in time, and nobody waits for it any more. */
  readonly givenUp: AbortSignal;
}

const unshared: Place = { release: () => undefined, shouldYield: () => false };

/**
 * Follows the log for one subscriber: takes the lease, reads after the checkpoint, handles each page together with moving
 * the checkpoint, and starts over from what is stored after any failure.
 */
export class SubscriptionLoop {
  private readonly logger = new Logger(SubscriptionLoop.name);
  private readonly stopping = new AbortController();
  private readonly label: string;
  private running: Promise<void> | undefined;
  private failures = 0;

  /**
   * `makeRunner`: for the time of one lease. `projected`: moved whenever this process has moved a checkpoint. `share`: how many
   * segments of the subscription this process may run; none for a subscription that is not divided.
   */
  constructor(
    private readonly subscriber: Subscriber,
    private readonly makeRunner: (lease: Lease, givenUp: AbortSignal) => EventRunner,
    private readonly leases: Leases,
    private readonly log: SharedLog,
    private readonly appended: AppendSignal,
    private readonly projected: ProgressSignal,
    private readonly wanted: WantedReadModels,
    private readonly settings: SubscriptionSettings,
    private readonly share?: FairShare,
  ) {
    this.label = labelOf(subscriber);
  }

  /** How often it failed in a row: 0 while all is well. */
  get failuresInARow(): number {
    return this.failures;
  }

  get name(): string {
    return this.subscriber.name;
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Finishes the transaction that is under way, unless that takes longer than `stopWithinMs`, and gives the lease back. */
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

  /** Waits a while when there is nothing for it to do: the lease is another's, or its share of segments is used up. */
  private async takeTurn(): Promise<void> {
    const place = this.share ? this.share.reserve() : unshared;
    const hasFollowed = place !== undefined && (await this.followIn(place));
    // Where segments share the places of a process, one that found its lease taken lets the other segments try.
    if (!hasFollowed && this.share) await this.pause(this.settings.pollMs);
  }

  private async followIn(place: Place): Promise<boolean> {
    try {
      return await this.followUnderLease(place);
    } finally {
      place.release();
    }
  }

  /** False when the lease cannot be had; taking it has waited its time then. */
  private async followUnderLease(place: Place): Promise<boolean> {
    const { leases } = this;
    const lease = await leases.take(this.subscriber);
    if (!lease) {
      // Another process goes on; what failed here is no longer the state of things.
      this.failures = 0;
      return false;
    }
    if (this.failures === 0) {
      this.logger.log(`"${this.label}" goes on after position ${lease.position} (epoch ${lease.epoch}).`);
    }
    const lost = new AbortController();
    const leave = leases.keep(lease, lost);
    const stop = AbortSignal.any([this.stopping.signal, lost.signal]);
    const of = { name: this.label, stop, withinMs: this.settings.stopWithinMs };
    try {
      await endInTime(of, (givenUp) => this.follow({ lease, place, stop, givenUp }));
    } catch (error) {
      if (!isOf(error, WorkGivenUpError))
        await leases.noteFailure(lease, failureInWords(error)).catch(() => undefined);
      throw error;
    } finally {
      leave();
      await leases
        .release(lease)
        .catch((error: Error) => this.logger.warn(`"${this.label}": ${error.message}`));
    }
    return true;
  }

  private async follow({ lease, place, stop, givenUp }: Following): Promise<void> {
    const { appended, wanted, settings } = this;
    const runner = this.makeRunner(lease, givenUp);
    await runner.prepare();
    const pages = new LogPages(this.log, settings.batchSize);
    const { pollMs, companyMs, batchSize } = settings;
    const rhythm = new PageRhythm(this.name, batchSize, { appended, wanted, pollMs, companyMs });
    let position = lease.position;
    let isFailing = lease.wasFailing || this.failures > 0;
    while (!stop.aborted && !place.shouldYield()) {
      await rhythm.company(stop);
      const seen = appended.seen;
      await runner.retryDue();
      const readAt = performance.now();
      const events = await pages.after(position);
      const began = performance.now();
      const before = position;
      position = await runner.run(events, before, stop);
      const handled = Number(position - before);
      subscriptionBatch.publish({ ...originOf(this.subscriber), events: handled, began });
      isFailing = isFailing && !(await this.noteProgress(lease));
      if (events.length > 0) this.projected.notify();
      await rhythm.next({ events: events.length, position, seen }, readAt, stop);
    }
  }

  private async noteProgress(lease: Lease): Promise<boolean> {
    if (!(await this.leases.noteFailure(lease, null))) return false;
    this.logger.log(`"${this.label}" goes on, after it stood still.`);
    this.failures = 0;
    return true;
  }

  private async recoverFrom(error: unknown): Promise<void> {
    this.log.forget();
    if (isOf(error, LeaseLostError) || isOf(error, WorkGivenUpError)) {
      this.logger.warn(error.message);
      return;
    }
    this.failures++;
    const { message, stack } = describeThrown(error);
    const told = { error: isOf(error, Error) ? error : new Error(message), failuresInARow: this.failures };
    subscriptionFailure.publish({ ...originOf(this.subscriber), ...told });
    const pause = Math.min(this.settings.maxBackoffMs, 50 * 2 ** this.failures);
    this.logger.error(
      `"${this.label}" failed ${this.failures} times in a row, trying again in ${pause} ms: ${failureInWords(error)}`,
      stack,
    );
    await this.pause(pause * (0.5 + Math.random() / 2));
  }

  private async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}
