import { BeforeApplicationShutdown, Inject, Injectable, OnApplicationBootstrap } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { EventStore } from './event-store/event-store';
import { DATA_SOURCE, SETTINGS } from './injection-tokens';
import { EventBusBridge } from './messaging/event-bus/event-bus-bridge';
import { RebuildRunner } from './projections/rebuild/rebuild-runner';
import { Rebuilds } from './projections/rebuild/rebuilds';
import { hasDatabase } from './start/application-data-source';
import { startPurpose } from './start-purpose';
import { Leases } from './subscriptions/checkpoints/leases';
import { createSubscription } from './subscriptions/checkpoints/create-subscription';
import { shadowSuffix } from './subscriptions/subscriber';
import { Subscribers } from './subscribers';
import { RunFactory } from './subscriptions/delivery/run-factory';
import { SubscriptionRun } from './subscriptions/delivery/subscription-run';
import type { SubscriptionSettings } from './subscriptions/subscription-settings';
import { SubscriptionWatchdog } from './subscriptions/operate/subscription-watchdog';

/** Runs the subscriptions of this process, the rebuilds of their rows, and the bridge to the event bus. */
@Injectable()
export class Subscriptions implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private running: readonly SubscriptionRun[] = [];

  constructor(
    private readonly subscribers: Subscribers,
    private readonly runs: RunFactory,
    private readonly rebuilds: Rebuilds,
    private readonly rebuildRunner: RebuildRunner,
    private readonly bridge: EventBusBridge,
    private readonly watchdog: SubscriptionWatchdog,
    private readonly store: EventStore,
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    private readonly leases: Leases,
    @Inject(SETTINGS) private readonly settings: SubscriptionSettings,
  ) {}

  /** Subscriptions and rebuilds that failed in this process at their last try, and rebuilds that it runs and that stand still. */
  failing(): readonly string[] {
    const failing = this.running.filter((run) => run.isFailing).map((run) => run.name);
    const stalled = this.watchdog.stalledIn(this.leases.owner);
    const rebuilds = [
      ...this.rebuildRunner.failing(),
      ...stalled.filter((name) => name.endsWith(shadowSuffix)),
    ];
    return [...failing, ...new Set(rebuilds)];
  }

  async onApplicationBootstrap(): Promise<void> {
    const { subscribers, dataSource, store } = this;
    const names = subscribers.names();
    if (!this.settings.enabled || startPurpose() !== 'service') return;
    if (!hasDatabase(dataSource)) {
      this.store.hearOthers();
      return this.bridge.start();
    }
    // Before the first request: a handler that begins now must not miss what this process appends.
    for (const subscriber of subscribers.all()) await createSubscription(dataSource, subscriber, store);
    await this.rebuilds.requestOutdated();
    this.store.hearOthers();
    await this.bridge.start();
    this.running = names.map((name) => this.runs.run(name, subscribers.get(name)));
    for (const run of this.running) run.start();
    this.rebuildRunner.start();
    this.watchdog.start();
  }

  /** Before the HTTP server and the connections go, each loop finishes its transaction and gives its lease back. */
  async beforeApplicationShutdown(): Promise<void> {
    this.watchdog.stop();
    const runs = this.running.map((run) => run.stop());
    await Promise.all([this.bridge.stop(), this.rebuildRunner.stop(), ...runs]);
    await this.leases.close();
  }
}
