import { createRequire } from 'node:module';
import type { InjectionToken } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { KernelSchema } from '../schema/kernel-schema';
import { useSchema } from '../schema/query';
import { EventRegistrationError } from '../event-store/event-registry';
import type { EventSourcingExtras, EventSourcingOptions } from '../event-sourcing.options';

/** Stands where an application without read models has no data source. */
const noDataSource = {
  isInitialized: false,
  query: refuse,
  transaction: refuse,
  getMetadata: refuse,
  hasMetadata: () => false,
} as unknown as DataSource;

/** False where an application without read models has no data source, or one that stands in for it and connects to nothing. */
export function hasDatabase(dataSource: DataSource): boolean {
  return dataSource.isInitialized;
}

function refuse(): never {
  throw new EventRegistrationError(
    'The application has no TypeORM data source, so it has no read models and no checkpoints. Import TypeOrmModule.forRoot(…).',
  );
}

/** The token under which `TypeOrmModule.forRoot` provides a data source of this name. Any other token is taken as it is. */
export function dataSourceToken(dataSource: InjectionToken): InjectionToken {
  if (dataSource === 'default') return defaultToken();
  return typeof dataSource === 'string' ? `${dataSource}DataSource` : dataSource;
}

/** The class of TypeORM; where TypeORM is not installed, a token without a provider. */
function defaultToken(): InjectionToken {
  try {
    return (createRequire(__filename)('typeorm') as typeof import('typeorm')).DataSource;
  } catch (error) {
    if ((error as { code?: string }).code !== 'MODULE_NOT_FOUND') throw error;
    return Symbol('TypeORM is not installed');
  }
}

/**
 * The data source of read models and checkpoints. An application that only appends and loads has none, unless it names one.
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
    if (found) {
      useSchema(found, new KernelSchema(options.schema));
      return found;
    }
    if (name === 'default') return noDataSource;
    const label = typeof name === 'function' ? name.name : String(name);
    throw new EventRegistrationError(
      `EventSourcingModule finds no TypeORM data source "${label}". Import TypeOrmModule.forRoot({ name: '${label}', … }), or ` +
        'correct the name in forRoot({ dataSource }).',
    );
  };
}
