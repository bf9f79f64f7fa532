import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { SchemaInUseError } from './errors';
import { KernelSchema } from './kernel-schema';
import type { KernelSql } from './sql';

/** A connection of the application, or what gives one. */
export type OnApplication = DataSource | EntityManager | QueryRunner;

const schemas = new WeakMap<DataSource, KernelSchema>();
const byDefault = new KernelSchema();

/**
 * From now on the kernel's statements on this data source mean the tables of `schema`. A data source serves one kernel.
 * @throws SchemaInUseError
 */
export function useSchema(dataSource: DataSource, schema: KernelSchema): void {
  const known = schemas.get(dataSource);
  if (known && known.name !== schema.name) throw new SchemaInUseError(known.name, schema.name);
  schemas.set(dataSource, schema);
}

/** The kernel's schema in the database of this connection. */
export function schemaOf(on: OnApplication): KernelSchema {
  return schemas.get('dataSource' in on ? on.dataSource : on) ?? byDefault;
}

/** Runs a statement of the kernel on a connection of the application, whose search path does not matter. */
export function query<Result>(on: OnApplication, statement: KernelSql, values?: unknown[]): Promise<Result> {
  return on.query(statement(schemaOf(on)), values) as Promise<Result>;
}
