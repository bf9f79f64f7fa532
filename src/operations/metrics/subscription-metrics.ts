import { Injectable, OnModuleDestroy } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import {
  eventFailure,
  eventRetry,
  leaseChange,
  LogHoleError,
  subscriptionBatch,
  subscriptionFailure,
} from '../../event-sourcing';
import { Metrics, secondsBuckets } from '../../platform';

const counters = {
  events: ['annals_subscription_events_total', 'Events that the checkpoint was moved past.'],
  retries: ['annals_subscription_retries_total', 'Events set aside that were tried again.'],
  setAside: ['annals_subscription_set_aside_total', 'Streams that were set aside, because an event failed.'],
  parked: ['annals_subscription_parked_total', 'Events that were parked after their last try.'],
  failures: ['annals_subscription_failures_total', 'Failures of the subscription as a whole.'],
  holes: ['annals_subscription_holes_total', 'Times that a hole was met in the log.'],
} as const;

type CounterName = keyof typeof counters;

const labelNames = ['subscription', 'segment'] as const;
type Origin = Readonly<Record<(typeof labelNames)[number], string | number>>;

/** What the subscriptions do that this process runs. */
@Injectable()
export class SubscriptionMetrics implements OnModuleDestroy {
  private readonly counters: ReadonlyMap<CounterName, Counter<keyof Origin>>;
  private readonly duration: Histogram<keyof Origin>;
  private readonly leases: Counter<keyof Origin | 'change'>;
  private readonly ends: readonly (() => void)[];

  constructor({ registry }: Metrics) {
    const registers = [registry];
    this.counters = new Map(
      Object.entries(counters).map(([key, [name, help]]) => [
        key as CounterName,
        new Counter({ name, help, labelNames, registers }),
      ]),
    );
    this.duration = new Histogram({
      name: 'annals_subscription_batch_duration_seconds',
      help: 'Time to handle a page of the log, up to 1,000 events, and to move the checkpoint.',
      labelNames,
      buckets: secondsBuckets,
      registers,
    });
    this.leases = new Counter({
      name: 'annals_subscription_lease_changes_total',
      help: 'Leases that this process took, released, or lost to another one.',
      labelNames: [...labelNames, 'change'],
      registers,
    });
    this.ends = this.subscribe();
  }

  /** Starts all counters of a segment at 0: a rate needs to see the step from 0 to 1. */
  know({ subscription, segment }: Origin): void {
    for (const counter of this.counters.values()) counter.inc({ subscription, segment }, 0);
    for (const change of ['taken', 'released', 'lost']) this.leases.inc({ subscription, segment, change }, 0);
  }

  onModuleDestroy(): void {
    for (const end of this.ends) end();
  }

  private subscribe(): (() => void)[] {
    return [
      subscriptionBatch.subscribe(({ subscription, segment, events, began }) => {
        if (events === 0) return;
        this.count('events', { subscription, segment }, events);
        this.duration.observe({ subscription, segment }, (performance.now() - began) / 1_000);
      }),
      eventRetry.subscribe((retry) => this.count('retries', retry)),
      eventFailure.subscribe((failure) => {
        if (failure.attempt === 1) this.count('setAside', failure);
        if (failure.isParked) this.count('parked', failure);
      }),
      leaseChange.subscribe(({ subscription, segment, change }) =>
        this.leases.inc({ subscription, segment, change }),
      ),
      subscriptionFailure.subscribe((failure) => {
        this.count('failures', failure);
        if (failure.error instanceof LogHoleError) this.count('holes', failure);
      }),
    ];
  }

  private count(name: CounterName, { subscription, segment }: Origin, by = 1): void {
    this.counters.get(name)?.inc({ subscription, segment }, by);
  }
}
