import type { InjectionToken } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EventRegistrationError } from '../event-store/event-registry';
import type { EventSourcingExtras, EventSourcingOptions } from '../event-sourcing.options';

/** Stands where an application without read models has no data source. Whatever is asked of it fails. */
export const noDataSource = new DataSource({ type: 'postgres' });

/** The token under which `TypeOrmModule.forRoot` provides a data source of this name. Any other token is taken as it is. */
export function dataSourceToken(dataSource: InjectionToken): InjectionToken {
  if (dataSource === 'default') return DataSource;
  return typeof dataSource === 'string' ? `${dataSource}DataSource` : dataSource;
}

/**
 * The data source of read models and checkpoints. Only the store in memory may do without.
 * @throws EventRegistrationError
 */
export function applicationDataSource(name: InjectionToken) {
  return (options: EventSourcingOptions & EventSourcingExtras, found: DataSource | undefined): DataSource => {
    if (options.dataSource !== undefined && options.dataSource !== name) {
      throw new EventRegistrationError(
        `The data source "${String(options.dataSource)}" is named by the factory of forRootAsync, which runs too late for it. ` +
          'Name it beside the factory: forRootAsync({ useFactory, dataSource }).',
      );
    }
    if (found) return found;
    if (options.store === 'in-memory') return noDataSource;
    const label = typeof name === 'function' ? name.name : String(name);
    throw new EventRegistrationError(
      label === 'default'
        ? 'EventSourcingModule finds no TypeORM data source for its read models and checkpoints. Import TypeOrmModule.forRoot(…), ' +
            "or name another one: forRoot({ dataSource: 'name' })."
        : `EventSourcingModule finds no TypeORM data source "${label}". Import TypeOrmModule.forRoot({ name: '${label}', … }), or ` +
            'correct the name in forRoot({ dataSource }).',
    );
  };
}
