import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { DynamicModule, FactoryProvider, Module, Provider, Type } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { CqrsModule, EventBus } from '@nestjs/cqrs';
import { DataSource } from 'typeorm';
import { AggregateClass } from './domain';
import { EventRegistry } from './event-store/event-registry';
import { EventStore } from './event-store/event-store';
import { EventStoreShutdown } from './event-store/event-store-shutdown';
import { InMemoryEventStore } from './event-store/in-memory-event-store';
import { LogCheck } from './event-store/postgres/log-check';
import { PostgresEventStore } from './event-store/postgres/postgres-event-store';
import { AppendSignal, ProgressSignal } from './event-store/progress-signal';
import {
  EventSourcingAsyncOptions,
  EventSourcingFeature,
  EventSourcingOptions,
} from './event-sourcing.options';
import { EventBusBridge } from './messaging/event-bus-bridge';
import { ProjectionFold } from './projections/projection-fold';
import { ProjectionPositions } from './projections/projection-positions';
import { Projections } from './projections/projections';
import { Aggregates } from './repository/aggregates';
import { aggregateRepositoryToken } from './repository/inject-aggregate';
import { Leases } from './subscriptions/leases';
import { defaultSubscriptionSettings, SubscriptionSettings } from './subscriptions/subscription-settings';
import { Subscribers } from './subscriptions/subscribers';
import { SubscriptionControl } from './subscriptions/subscription-control';
import { SubscriptionLoopParts } from './subscriptions/subscription-loop';
import { SubscriptionStatuses } from './subscriptions/subscription-status';
import { Subscriptions } from './subscriptions/subscriptions';

const OPTIONS = Symbol('EventSourcingOptions');
const SETTINGS = Symbol('SubscriptionSettings');
const LOOP_PARTS = Symbol('SubscriptionLoopParts');

const providers: Provider[] = [
  AppendSignal,
  ProgressSignal,
  EventRegistry,
  EventStoreShutdown,
  {
    provide: EventStore,
    inject: [OPTIONS, AppendSignal],
    useFactory: ({ store }: EventSourcingOptions, signal: AppendSignal) =>
      store === 'in-memory' ? new InMemoryEventStore(signal) : new PostgresEventStore(store, signal),
  },
  {
    provide: Aggregates,
    inject: [EventStore, EventRegistry],
    useFactory: (store: EventStore, registry: EventRegistry) => new Aggregates(store, registry),
  },
  {
    provide: Projections,
    inject: [EventRegistry],
    useFactory: (registry: EventRegistry) => new Projections(registry),
  },
  {
    provide: ProjectionPositions,
    inject: [DataSource, ProgressSignal],
    useFactory: (dataSource: DataSource, signal: ProgressSignal) =>
      new ProjectionPositions(dataSource, signal),
  },
  {
    provide: ProjectionFold,
    inject: [DataSource, EventStore],
    useFactory: (dataSource: DataSource, store: EventStore) => new ProjectionFold(dataSource, store),
  },
  {
    provide: LogCheck,
    inject: [DataSource],
    useFactory: (dataSource: DataSource) => new LogCheck(dataSource),
  },
  {
    provide: SETTINGS,
    inject: [OPTIONS],
    useFactory: (options: EventSourcingOptions) => ({
      ...defaultSubscriptionSettings,
      ...options.subscriptions,
    }),
  },
  {
    provide: EventBusBridge,
    inject: [EventStore, EventRegistry, EventBus, AppendSignal, SETTINGS],
    useFactory: (
      store: EventStore,
      registry: EventRegistry,
      eventBus: EventBus,
      appended: AppendSignal,
      { pollMs }: SubscriptionSettings,
    ) => new EventBusBridge(store, registry, eventBus, { appended, pollMs }),
  },
  {
    provide: Subscribers,
    inject: [Projections, EventRegistry, DiscoveryService],
    useFactory: (projections: Projections, registry: EventRegistry, discovery: DiscoveryService) =>
      new Subscribers(projections, registry, discovery),
  },
  {
    provide: SubscriptionStatuses,
    inject: [DataSource, Subscribers],
    useFactory: (dataSource: DataSource, subscribers: Subscribers) =>
      new SubscriptionStatuses(dataSource, subscribers),
  },
  {
    provide: SubscriptionControl,
    inject: [DataSource, Subscribers],
    useFactory: (dataSource: DataSource, subscribers: Subscribers) =>
      new SubscriptionControl(dataSource, subscribers),
  },
  {
    provide: LOOP_PARTS,
    inject: [EventStore, DataSource, AppendSignal, ProgressSignal, SETTINGS],
    useFactory: makeLoopParts,
  },
  {
    provide: Subscriptions,
    inject: [Subscribers, Projections, EventBusBridge, LOOP_PARTS],
    useFactory: (
      subscribers: Subscribers,
      projections: Projections,
      bridge: EventBusBridge,
      parts: SubscriptionLoopParts,
    ) => new Subscriptions(subscribers, projections, bridge, parts),
  },
];

/**
 * The kernel as a Nest module. Once per application: `forRoot` or `forRootAsync`, next to `TypeOrmModule.forRoot`, whose
 * data source it projects through. In each feature: `forFeature({ aggregates, projectors })`.
 */
@Module({})
export class EventSourcingModule {
  static forRoot(options: EventSourcingOptions): DynamicModule {
    return rootModule({ provide: OPTIONS, useValue: options });
  }

  static forRootAsync({ imports, inject, useFactory }: EventSourcingAsyncOptions): DynamicModule {
    const options: FactoryProvider<EventSourcingOptions> = {
      provide: OPTIONS,
      inject: inject ?? [],
      useFactory: useFactory as FactoryProvider<EventSourcingOptions>['useFactory'],
    };
    return rootModule(options, imports);
  }

  static forFeature({ aggregates = [], projectors = [], imports = [] }: EventSourcingFeature): DynamicModule {
    const repositories = aggregates.map(repositoryProvider);
    return {
      module: EventSourcingModule,
      imports,
      providers: [...repositories, ...projectors, ...projectors.map(registration)],
      exports: repositories,
    };
  }
}

function rootModule(options: Provider, imports: DynamicModule['imports'] = []): DynamicModule {
  return {
    module: EventSourcingModule,
    global: true,
    imports: [...imports, DiscoveryModule, CqrsModule.forRoot()],
    providers: [options, ...providers],
    exports: [
      EventStore,
      EventRegistry,
      Aggregates,
      Projections,
      ProjectionPositions,
      ProjectionFold,
      LogCheck,
      Subscriptions,
      SubscriptionStatuses,
      SubscriptionControl,
      CqrsModule,
    ],
  };
}

function repositoryProvider(aggregateClass: AggregateClass): FactoryProvider {
  return {
    provide: aggregateRepositoryToken(aggregateClass),
    inject: [Aggregates],
    useFactory: (aggregates: Aggregates) => aggregates.repository(aggregateClass),
  };
}

/** Registers the projector while the application starts, so that a mistake stops it there. */
function registration(projector: Type): FactoryProvider {
  return {
    provide: Symbol(`registration of ${projector.name}`),
    inject: [Projections, projector],
    useFactory: (projections: Projections, instance: object) => projections.register(instance),
  };
}

function makeLoopParts(
  store: EventStore,
  dataSource: DataSource,
  appended: AppendSignal,
  projected: ProgressSignal,
  settings: SubscriptionSettings,
): SubscriptionLoopParts {
  const owner = `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`;
  const leases = new Leases(dataSource, owner, settings.leaseSeconds);
  return { store, dataSource, leases, appended, projected, settings };
}
