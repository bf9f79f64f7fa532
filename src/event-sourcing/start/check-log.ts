import type { DataSource } from 'typeorm';
import type { EventStore } from '../event-store/event-store';
import { LogIdentity } from '../event-store/log-identity';
import { readLogIdentity } from '../event-store/postgres/read-log-identity';
import { notMigrated } from './check-rights';
import { DatabaseNotReadyError } from './errors';
import { kernelTables } from './kernel-tables';
import type { KernelSchema } from '../schema/kernel-schema';
import { query, schemaOf } from '../schema/query';

/** SQLSTATEs of a table or a column that is not there. */
const missing = new Set(['42P01', '42703']);

/**
 * Rows and checkpoints commit together, so they stand in the database of the log: the same server, database and table for the
 * store and for the data source.
 * @throws DatabaseNotReadyError
 */
export async function checkSameLog(store: EventStore, dataSource: DataSource): Promise<LogIdentity> {
  const { name } = schemaOf(dataSource);
  const log = await identityOf('the event store', name, () => store.identity());
  const beside = await identityOf('the data source', name, () => identityBehind(dataSource));
  if (log.place === beside.place && log.id === beside.id) return log;
  throw new DatabaseNotReadyError(
    `The event store and the data source lead to different logs: ${nameOf(log)} and ${nameOf(beside)}. Read models and checkpoints ` +
      'stand in the database of the log. Give both the same connection, or name the right data source: forRoot({ dataSource }).',
  );
}

/** For an application without a data source. @throws DatabaseNotMigratedError */
export async function checkMigrated(store: EventStore, { name }: KernelSchema): Promise<void> {
  await identityOf('the event store', name, () => store.identity());
}

/** From the master: where there are replicas, `query` goes to them for nothing. */
async function identityBehind(dataSource: DataSource): Promise<LogIdentity | undefined> {
  const [row] = await query<LogIdentity[]>(dataSource, readLogIdentity);
  return row;
}

async function identityOf(
  what: string,
  schema: string,
  read: () => Promise<LogIdentity | undefined>,
): Promise<LogIdentity> {
  const identity = await read().catch((error: Error & { code?: string }) => {
    if (missing.has(error.code ?? '')) return undefined;
    throw error;
  });
  if (identity) return identity;
  throw notMigrated(schema, `that of ${what} has no log in schema "${schema}"`);
}

function nameOf({ database, schema, id }: LogIdentity): string {
  return `"${database}" (schema ${schema}, log ${id})`;
}

/** Options of TypeORM that read models and the log cannot bear. @throws DatabaseNotReadyError */
export function checkOptions(dataSource: DataSource): void {
  if (readsFromReplicas(dataSource)) {
    throw new DatabaseNotReadyError(
      'The data source reads from replicas by default, which are behind: a query that waited for a position would see older rows. ' +
        "Set replication: { defaultMode: 'master' }, and ask a replica where old rows will do: createQueryRunner('slave').",
    );
  }
  if (dataSource.options.dropSchema) {
    throw new DatabaseNotReadyError(
      'The data source has dropSchema: true, which drops the log at every start. Remove the option.',
    );
  }
}

/** @throws DatabaseNotReadyError for an entity that would change a table of the log */
export async function checkEntityNames(dataSource: DataSource, { schema }: LogIdentity): Promise<void> {
  const [found] = await dataSource.query<{ current: string | null }[]>('SELECT current_schema() AS current');
  for (const { name, tableName, schema: own = found?.current } of dataSource.entityMetadatas) {
    if (!(tableName in kernelTables) || own !== schema) continue;
    throw new DatabaseNotReadyError(
      `Entity ${name} of the data source has the table "${tableName}", which is one of the log. Give the entity another table name: ` +
        `@Entity('my_${tableName}').`,
    );
  }
}

interface Replication {
  readonly slaves?: readonly unknown[];
  readonly defaultMode?: 'master' | 'slave';
}

function readsFromReplicas({ options }: DataSource): boolean {
  const { replication } = options as { replication?: Replication };
  return (replication?.slaves ?? []).length > 0 && replication?.defaultMode !== 'master';
}
