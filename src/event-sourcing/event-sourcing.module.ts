import { ConfigurableModuleBuilder, DynamicModule, FactoryProvider, Module, Optional } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { AggregateClass } from './domain';
import { isOfAnotherCopy } from './domain/decorated-classes';
import { EventRegistry } from './event-store/event-registry';
import { EventStore } from './event-store/event-store';
import { LogCheck } from './event-store/postgres/log-check';
import { AppendSignal } from './event-store/progress-signal';
import { EventSourcingExtras, EventSourcingFeature, EventSourcingOptions } from './event-sourcing.options';
import { SharedLog } from './log/shared-log';
import { ProjectionFold } from './projections/projection-fold';
import { ProjectionPositions } from './projections/projection-positions';
import { projectorDefinition } from './projections/projector';
import { Projections } from './projections/projections';
import { RebuildRunner } from './projections/rebuild/rebuild-runner';
import { RebuildSwap } from './projections/rebuild/rebuild-swap';
import { Rebuilds } from './projections/rebuild/rebuilds';
import { Aggregates } from './repository/aggregates';
import { aggregateRepositoryToken } from './repository/inject-aggregate';
import { AggregateStates } from './states/aggregate-states';
import { CheckpointCheck } from './subscriptions/operate/checkpoint-check';
import { SubscriptionControl } from './subscriptions/operate/subscription-control';
import { SubscriptionStatuses } from './subscriptions/operate/subscription-status';
import { SubscriptionWatchdog } from './subscriptions/operate/subscription-watchdog';
import { Subscriptions } from './runtime';
import { rootProviders } from './event-sourcing.providers';
import { DATA_SOURCE, OPTIONS } from './injection-tokens';
import { applicationDataSource, dataSourceToken } from './start/application-data-source';
import { EventRegistrationError } from './event-store/event-registry';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<EventSourcingOptions>({
  optionsInjectionToken: OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createEventSourcingOptions')
  .setExtras<EventSourcingExtras>({ dataSource: 'default', cqrs: undefined, isGlobal: true }, rootModule)
  .build();

/**
 * The kernel as a Nest module. Once per application: `forRoot` or `forRootAsync`, next to `TypeOrmModule.forRoot`, whose
 * data source it projects through. In each feature: `forFeature({ aggregates, projectors })`.
 */
@Module({})
export class EventSourcingModule extends ConfigurableModuleClass {
  static forFeature(feature: EventSourcingFeature): DynamicModule {
    const { aggregates = [], projectors = [], retired = [], imports = [] } = feature;
    checkClasses({ aggregates, projectors });
    const repositories = aggregates.map(repositoryProvider);
    return {
      module: EventSourcingFeatureModule,
      imports,
      providers: [...repositories, ...projectors, retiring(retired)],
      exports: repositories,
    };
  }
}

/**
 * One feature. The kernel stands in the root module, and a feature alone has no log. Nest names the module where a projector lacks a
 * dependency, and so its name tells the mend.
 */
@Module({})
class EventSourcingFeatureModule {
  static {
    Object.defineProperty(this, 'name', {
      value:
        'EventSourcingModule.forFeature({ projectors, imports: [a module that exports what they inject] })',
    });
  }

  constructor(@Optional() aggregates?: Aggregates) {
    checkRoot(aggregates);
  }
}

function rootModule(
  definition: DynamicModule,
  { dataSource = 'default', cqrs, isGlobal = true }: EventSourcingExtras,
): DynamicModule {
  return {
    ...definition,
    global: isGlobal,
    imports: [
      ...(definition.imports ?? []),
      DiscoveryModule,
      cqrs ? { ...CqrsModule.forRoot(cqrs), global: false } : CqrsModule,
    ],
    providers: [
      ...(definition.providers ?? []),
      {
        provide: DATA_SOURCE,
        inject: [OPTIONS, { token: dataSourceToken(dataSource), optional: true }],
        useFactory: applicationDataSource(dataSource),
      },
      ...rootProviders,
    ],
    exports: [
      EventStore,
      AppendSignal,
      SharedLog,
      EventRegistry,
      Aggregates,
      AggregateStates,
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

/** @throws EventRegistrationError for a class that is not decorated, or not there yet. */
function checkClasses({ aggregates = [], projectors = [] }: EventSourcingFeature): void {
  if ([...aggregates, ...projectors].includes(undefined as never)) {
    throw new EventRegistrationError(
      'EventSourcingModule.forFeature is given undefined in place of a class. Look for files that import each other in a circle.',
    );
  }
  for (const projector of projectors) {
    if (projectorDefinition(projector) || isOfAnotherCopy(projector, 'Projector')) continue;
    throw new EventRegistrationError(
      `${projector.name} is no projector. Decorate it: @Projector('name', { version: 1, entities: [] }).`,
    );
  }
}

/** Without the kernel there is no registry, and the module itself says so. */
function retiring(types: readonly string[]): FactoryProvider {
  return {
    provide: Symbol('retired event types'),
    inject: [{ token: EventRegistry, optional: true }],
    useFactory: (registry?: EventRegistry) => {
      for (const type of types) registry?.retire(type);
      return types;
    },
  };
}

function repositoryProvider(aggregateClass: AggregateClass): FactoryProvider {
  return {
    provide: aggregateRepositoryToken(aggregateClass),
    inject: [{ token: Aggregates, optional: true }],
    useFactory: (aggregates: Aggregates | undefined) => checkRoot(aggregates).repository(aggregateClass),
  };
}

function checkRoot(aggregates: Aggregates | undefined): Aggregates {
  if (aggregates) return aggregates;
  throw new EventRegistrationError(
    'EventSourcingModule.forFeature is used without forRoot. Import EventSourcingModule.forRoot({ store: … }) in the root module; ' +
      'with isGlobal: false, name the module that exports EventSourcingModule, too: forFeature({ imports: [LogModule] }).',
  );
}
