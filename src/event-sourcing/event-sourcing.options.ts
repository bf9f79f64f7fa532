import type { FactoryProvider, ModuleMetadata, Type } from '@nestjs/common';
import { AggregateClass } from './domain';
import { PostgresEventStoreOptions } from './event-store/postgres/postgres-event-store';
import { SubscriptionSettings } from './subscriptions/subscription-settings';

export interface EventSourcingOptions {
  /** Where the log is kept. `'in-memory'` is for specs: it loses everything, and production refuses it. */
  readonly store: 'in-memory' | PostgresEventStoreOptions;
  readonly subscriptions?: Partial<SubscriptionSettings>;
  /**
   * Memory for aggregates that this process keeps between their updates, in bytes as estimated from their events. Default
   * 64 MiB; 0 keeps none.
   */
  readonly aggregateCacheBytes?: number;
}

export interface EventSourcingAsyncOptions {
  readonly imports?: ModuleMetadata['imports'];
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory: (...dependencies: never[]) => EventSourcingOptions | Promise<EventSourcingOptions>;
}

export interface EventSourcingFeature {
  /** Each gets a repository: `@InjectAggregate(User)`. */
  readonly aggregates?: readonly AggregateClass[];
  /** Classes with `@Projector`; made by Nest, so that they may inject what `imports` exports. */
  readonly projectors?: readonly Type[];
  readonly imports?: ModuleMetadata['imports'];
}
