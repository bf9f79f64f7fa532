import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { DataSource } from 'typeorm';
import { EventRegistry } from './event-store/event-registry';
import { EventStore } from './event-store/event-store';
import { EventStoreShutdown } from './start/event-store-shutdown';
import { LogCheck } from './event-store/postgres/log-check';
import { AppendSignal, ProgressSignal } from './event-store/progress-signal';
import { ReceiptCleaning } from './event-store/receipt-cleaning';
import { EventSourcingOptions } from './event-sourcing.options';
import { DATA_SOURCE, OPTIONS, SETTINGS } from './injection-tokens';
import { ApplicationEventBus } from './messaging/event-bus/application-event-bus';
import { EventBusBridge } from './messaging/event-bus/event-bus-bridge';
import { ProjectionFold } from './projections/projection-fold';
import { ProjectionPositions } from './projections/projection-positions';
import { Projections } from './projections/projections';
import { RebuildRunner } from './projections/rebuild/rebuild-runner';
import { RebuildSwap } from './projections/rebuild/rebuild-swap';
import { Rebuilds } from './projections/rebuild/rebuilds';
import { AggregateCache } from './repository/aggregate-cache';
import { Aggregates } from './repository/aggregates';
import { CheckpointCheck } from './subscriptions/operate/checkpoint-check';
import { DurableHandlers } from './subscriptions/handlers/durable-handlers';
import { Leases } from './subscriptions/checkpoints/leases';
import { defaultSubscriptionSettings, SubscriptionSettings } from './subscriptions/subscription-settings';
import { Subscribers } from './subscribers';
import { SubscriptionControl } from './subscriptions/operate/subscription-control';
import { SharedLog } from './log/shared-log';
import { WantedReadModels } from './subscriptions/delivery/wanted-read-models';
import { RunFactory } from './subscriptions/delivery/run-factory';
import { SubscriptionStatuses } from './subscriptions/operate/subscription-status';
import { SubscriptionWatchdog } from './subscriptions/operate/subscription-watchdog';
import { Subscriptions } from './runtime';
import { applicationEventStore } from './start/application-event-store';
import { AggregateStates } from './states/aggregate-states';
import { ApplicationStart } from './start/application-start';
import { Explorer } from './start/explorer';

/** What the kernel provides once per application. */
export const rootProviders: Provider[] = [
  AppendSignal,
  ProgressSignal,
  EventRegistry,
  EventStoreShutdown,
  {
    provide: EventStore,
    inject: [OPTIONS, AppendSignal, ModuleRef],
    useFactory: applicationEventStore,
  },
  SharedLog,
  ReceiptCleaning,
  {
    provide: AggregateCache,
    inject: [OPTIONS],
    useFactory: ({ aggregateCacheBytes }: EventSourcingOptions) => new AggregateCache(aggregateCacheBytes),
  },
  Aggregates,
  AggregateStates,
  Projections,
  DurableHandlers,
  Explorer,
  ApplicationStart,
  ApplicationEventBus,
  WantedReadModels,
  ProjectionPositions,
  ProjectionFold,
  LogCheck,
  {
    provide: SETTINGS,
    inject: [OPTIONS],
    useFactory: (options: EventSourcingOptions) => ({
      ...defaultSubscriptionSettings,
      ...options.subscriptions,
    }),
  },
  EventBusBridge,
  Subscribers,
  SubscriptionStatuses,
  SubscriptionControl,
  { provide: Leases, inject: [EventStore, DATA_SOURCE, SETTINGS], useFactory: makeLeases },
  RunFactory,
  CheckpointCheck,
  SubscriptionWatchdog,
  Rebuilds,
  RebuildSwap,
  RebuildRunner,
  Subscriptions,
];

function makeLeases(store: EventStore, dataSource: DataSource, settings: SubscriptionSettings): Leases {
  const owner = `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`;
  return new Leases(dataSource, owner, settings.leaseSeconds, settings.pollMs, store);
}
