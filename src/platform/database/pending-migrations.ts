import { DataSource } from 'typeorm';
import { pendingEventSourcing } from '../../event-sourcing';
import { migrations } from './migrations';

const undefinedTable = '42P01';

type Query = <R>(sql: string, values?: unknown[]) => Promise<readonly R[]>;

/** Names of what has not run yet: files of the event store's schema, then migrations of this service. */
export async function pendingMigrations(dataSource: DataSource): Promise<readonly string[]> {
  return pendingAmong((sql, values) => dataSource.query(sql, values));
}

/** The same, on any connection. */
export async function pendingAmong(query: Query): Promise<readonly string[]> {
  const done = new Set(await doneMigrations(query));
  const ofService = migrations()
    .map((migration) => new migration().name ?? migration.name)
    .filter((name) => !done.has(name));
  return [...(await pendingEventSourcing(query)), ...ofService];
}

async function doneMigrations(query: Query): Promise<readonly string[]> {
  try {
    return (await query<{ name: string }>('SELECT name FROM migrations')).map(({ name }) => name);
  } catch (error) {
    if ((error as { code?: string }).code === undefinedTable) return [];
    throw error;
  }
}
