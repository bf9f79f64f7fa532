import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import {
  type RebuildProgress,
  type SegmentStatus,
  SubscriptionStatuses,
  type SubscriptionStatus,
} from '../../event-sourcing';
import { Metrics } from '../../platform';
import { SubscriptionMetrics } from './subscription-metrics';

/** For how long a status is fresh enough, in milliseconds. */
const freshMs = 1_000;

/** How long a scrape waits for the database, in milliseconds. */
const patienceMs = 1_000;

const states = ['running', 'rebuilding', 'stopped', 'failed'];

/**
 * How the subscriptions stand, whichever process runs them, read from the database when it is asked for. One read at a
 * time, however many scrapes there are. While the database is away there are no values, rather than old ones.
 */
@Injectable()
export class SubscriptionGauges {
  private readonly reachable: Gauge;
  private readonly lagEvents: Gauge<'subscription' | 'segment'>;
  private readonly lagSeconds: Gauge<'subscription' | 'segment'>;
  private readonly parked: Gauge<'subscription' | 'segment'>;
  private readonly state: Gauge<'subscription' | 'state'>;
  private readonly rebuilt: Gauge<'subscription'>;
  private readonly rebuildHead: Gauge<'subscription'>;
  private readonly rebuildRate: Gauge<'subscription'>;
  private readonly rebuildParked: Gauge<'subscription'>;
  private reading: Promise<boolean> | undefined;
  private wasRead = false;
  private readAt = Number.NEGATIVE_INFINITY;

  constructor(
    metrics: Metrics,
    private readonly counters: SubscriptionMetrics,
    private readonly statuses: SubscriptionStatuses,
  ) {
    const { registry } = metrics;
    metrics.beforeScrape(() => this.refresh());
    const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
      new Gauge({ name, help, labelNames, registers: [registry] });
    const labels = ['subscription', 'segment'] as const;
    const ofWhole = ['subscription'] as const;
    this.reachable = gauge('annals_database_reachable', '1: the status of subscriptions could be read.', []);
    this.lagEvents = gauge('annals_subscription_lag_events', 'Events that it has not seen.', labels);
    this.lagSeconds = gauge(
      'annals_subscription_lag_seconds',
      'Age of the oldest event not seen yet.',
      labels,
    );
    this.parked = gauge(
      'annals_subscription_parked_events',
      'Events set aside: parked, retried or waiting.',
      labels,
    );
    this.state = gauge('annals_subscription_state', '1 for the state that it is in, 0 for the others.', [
      ...ofWhole,
      'state',
    ]);
    this.rebuilt = gauge('annals_rebuild_events', 'Events that the new rows hold.', ofWhole);
    this.rebuildHead = gauge('annals_rebuild_head_events', 'Events that they are to hold.', ofWhole);
    this.rebuildRate = gauge(
      'annals_rebuild_events_per_second',
      'Its rate, on average since it started.',
      ofWhole,
    );
    this.rebuildParked = gauge(
      'annals_rebuild_parked_events',
      'Events that it has set aside: it waits for them.',
      ofWhole,
    );
  }

  /** Brings the gauges up to date, in a second at most. Never throws. */
  async refresh(): Promise<void> {
    const isFresh = performance.now() - this.readAt < freshMs;
    const isKnown = isFresh ? this.wasRead : await this.readInTime();
    this.reachable.set(isKnown ? 1 : 0);
    if (!isKnown) this.forget();
  }

  private async readInTime(): Promise<boolean> {
    this.reading ??= this.read();
    const timer = new AbortController();
    const late = delay(patienceMs, false, { signal: timer.signal, ref: false }).catch(() => false);
    return Promise.race([this.reading, late]).finally(() => timer.abort());
  }

  private async read(): Promise<boolean> {
    try {
      this.show(await this.statuses.all());
      this.wasRead = true;
    } catch {
      this.wasRead = false;
    }
    this.readAt = performance.now();
    this.reading = undefined;
    return this.wasRead;
  }

  private show(statuses: readonly SubscriptionStatus[]): void {
    this.forget();
    for (const status of statuses) {
      const { name: subscription } = status;
      for (const segment of status.segments) this.showSegment(subscription, segment);
      for (const state of states) this.state.set({ subscription, state }, state === status.state ? 1 : 0);
      if (status.rebuild) this.showRebuild(status, status.rebuild);
    }
  }

  private showSegment(subscription: string, { segment, ...status }: SegmentStatus): void {
    const labels = { subscription, segment };
    this.counters.know(labels);
    this.lagEvents.set(labels, Number(status.lagEvents));
    this.lagSeconds.set(labels, status.lagSeconds);
    this.parked.set(labels, status.parkedCount);
  }

  private showRebuild({ name, head }: SubscriptionStatus, rebuild: RebuildProgress): void {
    const labels = { subscription: name };
    this.rebuilt.set(labels, Number(rebuild.checkpoint));
    this.rebuildHead.set(labels, Number(head));
    this.rebuildRate.set(labels, rebuild.eventsPerSecond);
    this.rebuildParked.set(labels, rebuild.parkedCount);
  }

  private forget(): void {
    for (const gauge of [this.lagEvents, this.lagSeconds, this.parked, this.state]) gauge.reset();
    for (const gauge of [this.rebuilt, this.rebuildHead, this.rebuildRate, this.rebuildParked]) gauge.reset();
  }
}
