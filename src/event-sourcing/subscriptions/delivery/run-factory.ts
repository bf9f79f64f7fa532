import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { EventStore } from '../../event-store/event-store';
import { AppendSignal, ProgressSignal } from '../../event-store/progress-signal';
import { DATA_SOURCE, SETTINGS } from '../../injection-tokens';
import { SharedLog } from '../../log/shared-log';
import { Lease, Leases } from '../checkpoints/leases';
import { ParkedEvents } from '../parked/parked-events';
import { Subscriber } from '../subscriber';
import type { SubscriptionSettings } from '../subscription-settings';
import { CommonCause } from './common-cause';
import { EventFailures } from './event-failures';
import { EventHandling } from './event-handling';
import { EventRetries } from './event-retries';
import { EventRunner } from './event-runner';
import { EventTransactions } from './event-transactions';
import { FailureRun } from './failure-run';
import { FairShare } from './fair-share';
import { PageParts } from './page-parts';
import { PartSize } from './part-size';
import { SubscriptionLoop } from './subscription-loop';
import { SubscriptionRun } from './subscription-run';
import { WantedReadModels } from './wanted-read-models';

/** What a process knows of a segment from one lease to the next. */
interface RunnerMemory {
  readonly partSize: PartSize;
  readonly failureRun: FailureRun;
}

/** Makes what runs subscriptions in this process: the one place that knows the constructors of what a loop or a lease needs. */
@Injectable()
export class RunFactory {
  constructor(
    private readonly store: EventStore,
    private readonly log: SharedLog,
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    private readonly leases: Leases,
    private readonly appended: AppendSignal,
    private readonly projected: ProgressSignal,
    private readonly wanted: WantedReadModels,
    @Inject(SETTINGS) private readonly settings: SubscriptionSettings,
  ) {}

  /** One subscription, with all its segments. */
  run(name: string, segments: readonly Subscriber[]): SubscriptionRun {
    const { leases, settings } = this;
    const { leaseSeconds } = settings;
    const share =
      segments.length > 1
        ? new FairShare(leases.connection, name, leases.owner, segments.length, leaseSeconds)
        : undefined;
    const loops = segments.map((segment) => this.loop(segment, share));
    return new SubscriptionRun(name, loops, share, leaseSeconds);
  }

  private loop(subscriber: Subscriber, share: FairShare | undefined): SubscriptionLoop {
    const memory = { partSize: new PartSize(), failureRun: new FailureRun() };
    return new SubscriptionLoop(
      subscriber,
      (lease, givenUp) => this.runner(subscriber, lease, memory, givenUp),
      this.leases,
      this.log,
      this.appended,
      this.projected,
      this.wanted,
      this.settings,
      share,
    );
  }

  private runner(
    subscriber: Subscriber,
    lease: Lease,
    { partSize, failureRun }: RunnerMemory,
    givenUp: AbortSignal,
  ): EventRunner {
    const { leases, dataSource, settings } = this;
    const { name, segment } = subscriber;
    const parked = new ParkedEvents(dataSource, name, segment.index, settings.maxRetryDelayMs);
    const handling = new EventHandling(subscriber, settings);
    const transactions = new EventTransactions(dataSource, givenUp);
    const commonCause = new CommonCause(subscriber, parked, handling, transactions, failureRun);
    const failures = new EventFailures(
      subscriber,
      lease,
      leases,
      parked,
      commonCause,
      transactions,
      settings,
    );
    const retries = new EventRetries(
      subscriber,
      lease,
      leases,
      this.store,
      handling,
      transactions,
      parked,
      failures,
      commonCause,
    );
    return new EventRunner(
      subscriber,
      lease,
      leases,
      new PageParts(subscriber, parked),
      partSize,
      handling,
      transactions,
      parked,
      failures,
      commonCause,
      retries,
    );
  }
}
