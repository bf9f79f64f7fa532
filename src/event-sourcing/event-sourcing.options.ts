import type { InjectionToken, ModuleMetadata, Type } from '@nestjs/common';
import type { CqrsModuleOptions } from '@nestjs/cqrs';
import { AggregateClass } from './domain';
import type { EventStore } from './event-store/event-store';
import { PostgresEventStoreOptions } from './event-store/postgres/postgres-event-store';
import { SubscriptionSettings } from './subscriptions/subscription-settings';

export interface EventSourcingOptions {
  /**
   * Where the log is kept: in Postgres, or in a store of your own. Nest makes a class with its dependencies, which the module's `imports`
   * provide. `'in-memory'` is for specs: it loses everything, and production refuses it. The module closes the store at shutdown.
   */
  readonly store: 'in-memory' | PostgresEventStoreOptions | EventStore | Type<EventStore>;
  /**
   * The Postgres schema of the event store's own tables. Default: `annals`. The same as for `migrateEventSourcing`; two applications, or
   * two tenants, keep separate logs in one database by two schemas.
   */
  readonly schema?: string;
  readonly subscriptions?: Partial<SubscriptionSettings>;
  /**
   * Memory for aggregates that this process keeps between their updates, in bytes as estimated from their events. Default
   * 64 MiB; 0 keeps none.
   */
  readonly aggregateCacheBytes?: number;
}

/** A class that `forRootAsync` makes (`useClass`) or finds (`useExisting`), and asks for the options. */
export interface EventSourcingOptionsFactory {
  createEventSourcingOptions(): EventSourcingOptions | Promise<EventSourcingOptions>;
}

/** What the module has to know before any factory runs: given beside `useFactory`, `useClass` or `useExisting` in `forRootAsync`. */
export interface EventSourcingExtras {
  /**
   * The TypeORM data source of read models and checkpoints, on the database of the log: its name in `TypeOrmModule.forRoot`, or
   * its injection token. Default: `'default'`.
   */
  readonly dataSource?: InjectionToken;
  /** Options of the buses of `@nestjs/cqrs`, where the application imports no `CqrsModule.forRoot` of its own. */
  readonly cqrs?: CqrsModuleOptions;
  /**
   * Whether every module of the application sees the kernel. Default: true. When it is false, a feature imports the module that
   * exports `EventSourcingModule`: `forFeature({ aggregates, imports: [LogModule] })`.
   */
  readonly isGlobal?: boolean;
}

export interface EventSourcingFeature {
  /** Each gets a repository: `@InjectAggregate(User)`. */
  readonly aggregates?: readonly AggregateClass[];
  /** Classes with `@Projector`; made by Nest, so that they may inject what `imports` exports. */
  readonly projectors?: readonly Type[];
  /**
   * Types of stored events whose classes are gone. Aggregates, projectors, handlers and the event bus pass their events over; `verify`
   * says how many there are.
   */
  readonly retired?: readonly string[];
  readonly imports?: ModuleMetadata['imports'];
}
