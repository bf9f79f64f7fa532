import { type DynamicModule, type InjectionToken } from '@nestjs/common';
import { DataSource, EntityManager } from 'typeorm';
import { EventSourcingModule } from '../event-sourcing.module';
import { EventSourcingExtras, EventSourcingOptions } from '../event-sourcing.options';
import { dataSourceToken } from '../start/application-data-source';
import { EventDelivery } from './event-delivery';

/** Those of the kernel that mean something without a database. */
export interface EventSourcingTestingOptions
  extends Pick<EventSourcingOptions, 'aggregateCacheBytes'>, Pick<EventSourcingExtras, 'cqrs'> {
  /** The data sources that features ask for, by name or token. Default: the one without a name. */
  readonly dataSources?: readonly InjectionToken[];
}

/**
 * The kernel for unit tests, on the store in memory and without a database:
 * `Test.createTestingModule({ imports: [EventSourcingTestingModule.forRoot(), OrdersModule] })`. Commands, repositories, the event bus and
 * durable handlers work; `EventDelivery.settle()` waits for them. Projectors do not run (`projectorSpec` tests them), and a
 * TypeORM repository that a feature injects fails when it is used.
 */
export class EventSourcingTestingModule {
  static forRoot({ dataSources = ['default'], ...options }: EventSourcingTestingOptions = {}): DynamicModule {
    const kernel = EventSourcingModule.forRoot({
      store: 'in-memory',
      subscriptions: { enabled: false },
      ...options,
    });
    const standIn = new DataSource({ type: 'postgres' });
    const tokens = [...dataSources.map(dataSourceToken), EntityManager];
    const standIns = tokens.map((provide) => ({
      provide,
      useValue: provide === EntityManager ? standIn.manager : standIn,
    }));
    return {
      ...kernel,
      providers: [...(kernel.providers ?? []), ...standIns, EventDelivery],
      exports: [...(kernel.exports ?? []), ...tokens, EventDelivery],
    };
  }
}
