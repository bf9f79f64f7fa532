import { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { EventBusBridge } from './messaging/event-bus/event-bus-bridge';
import { RebuildRunner } from './projections/rebuild/rebuild-runner';
import { Rebuilds } from './projections/rebuild/rebuilds';
import { hasDatabase } from './start/application-data-source';
import { startPurpose } from './start-purpose';
import { createSubscription } from './subscriptions/checkpoints/create-subscription';
import { shadowSuffix } from './subscriptions/subscriber';
import { Subscribers } from './subscribers';
import { SubscriptionLoopParts } from './subscriptions/delivery/subscription-loop';
import { SubscriptionRun } from './subscriptions/delivery/subscription-run';
import { SubscriptionWatchdog } from './subscriptions/operate/subscription-watchdog';

export interface SubscriptionsOf {
  readonly subscribers: Subscribers;
  readonly bridge: EventBusBridge;
  readonly watchdog: SubscriptionWatchdog;
  readonly rebuilding: { readonly orders: Rebuilds; readonly runner: RebuildRunner };
}

/** Runs the subscriptions of this process, the rebuilds of their rows, and the bridge to the event bus. */
export class Subscriptions implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private runs: readonly SubscriptionRun[] = [];

  constructor(
    private readonly of: SubscriptionsOf,
    private readonly parts: SubscriptionLoopParts,
  ) {}

  /** Subscriptions and rebuilds that failed in this process at their last try, and rebuilds that it runs and that stand still. */
  failing(): readonly string[] {
    const failing = this.runs.filter((run) => run.isFailing).map((run) => run.name);
    const stalled = this.of.watchdog.stalledIn(this.parts.leases.owner);
    const rebuilds = [
      ...this.of.rebuilding.runner.failing(),
      ...stalled.filter((name) => name.endsWith(shadowSuffix)),
    ];
    return [...failing, ...new Set(rebuilds)];
  }

  async onApplicationBootstrap(): Promise<void> {
    const { subscribers, bridge, rebuilding, watchdog } = this.of;
    const names = subscribers.names();
    if (!this.parts.settings.enabled || startPurpose() !== 'service') return;
    if (!hasDatabase(this.parts.dataSource)) {
      this.parts.store.hearOthers();
      return bridge.start();
    }
    // Before the first request: a handler that begins now must not miss what this process appends.
    for (const subscriber of subscribers.all()) await createSubscription(this.parts.dataSource, subscriber);
    await rebuilding.orders.requestOutdated();
    this.parts.store.hearOthers();
    await bridge.start();
    this.runs = names.map((name) => new SubscriptionRun(name, subscribers.get(name), this.parts));
    for (const run of this.runs) run.start();
    rebuilding.runner.start();
    watchdog.start();
  }

  /** Before the HTTP server and the connections go, each loop finishes its transaction and gives its lease back. */
  async beforeApplicationShutdown(): Promise<void> {
    const { bridge, rebuilding, watchdog } = this.of;
    watchdog.stop();
    await Promise.all([bridge.stop(), rebuilding.runner.stop(), ...this.runs.map((run) => run.stop())]);
    await this.parts.leases.close();
  }
}
