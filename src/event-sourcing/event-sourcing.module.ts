import { DynamicModule, FactoryProvider, Module, Provider, Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { AggregateClass } from './domain';
import { EventRegistry } from './event-store/event-registry';
import { EventStore } from './event-store/event-store';
import { LogCheck } from './event-store/postgres/log-check';
import {
  EventSourcingAsyncOptions,
  EventSourcingFeature,
  EventSourcingOptions,
} from './event-sourcing.options';
import { ProjectionFold } from './projections/projection-fold';
import { ProjectionPositions } from './projections/projection-positions';
import { Projections } from './projections/projections';
import { RebuildRunner } from './projections/rebuild/rebuild-runner';
import { RebuildSwap } from './projections/rebuild/rebuild-swap';
import { Rebuilds } from './projections/rebuild/rebuilds';
import { Aggregates } from './repository/aggregates';
import { aggregateRepositoryToken } from './repository/inject-aggregate';
import { CheckpointCheck } from './subscriptions/checkpoint-check';
import { SubscriptionControl } from './subscriptions/subscription-control';
import { SubscriptionStatuses } from './subscriptions/subscription-status';
import { SubscriptionWatchdog } from './subscriptions/subscription-watchdog';
import { Subscriptions } from './subscriptions/subscriptions';
import { OPTIONS, rootProviders } from './event-sourcing.providers';

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
    providers: [options, ...rootProviders],
    exports: [
      EventStore,
      EventRegistry,
      Aggregates,
      Projections,
      ProjectionPositions,
      ProjectionFold,
      LogCheck,
      CheckpointCheck,
      Rebuilds,
      RebuildSwap,
      RebuildRunner,
      Subscriptions,
      SubscriptionStatuses,
      SubscriptionControl,
      SubscriptionWatchdog,
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
