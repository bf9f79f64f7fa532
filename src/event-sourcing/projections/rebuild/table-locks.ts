import { setTimeout as delay } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import { postgresCodeOf } from '../../postgres/postgres-code';

/**
 * How long one try may stand in the queue for the tables, in milliseconds. Queries that come meanwhile wait behind it, so this
 * and the renaming that follows stay well below the 100 ms that a reader may wait.
 */
const tryMs = 40;

/** Pauses between the tries, in milliseconds: readers that came meanwhile have the tables to themselves. */
const pausesMs = [50, 100, 200, 400];

/**
 * How long to wait for the writers, in milliseconds. Readers do not wait behind it. So long that a slow projector ends its
 * transaction, and longer than `deadlock_timeout`, so that an autovacuum gives way.
 */
const writersMs = 10_000;

const lockTimeout = '55P03';
const statementTimeout = '57014';

/** Keeps everybody else from writing to the tables until the transaction ends; reading goes on. False when it cannot be had. */
export async function lockOutWriters(manager: EntityManager, tables: readonly string[]): Promise<boolean> {
  await manager.query(`SET LOCAL lock_timeout = ${writersMs}`);
  const lock = `LOCK TABLE ${tables.join(', ')} IN SHARE ROW EXCLUSIVE MODE`;
  return tryTo(manager, async () => void (await manager.query(lock)));
}

/**
 * Keeps readers out too. Each try ends before readers have waited for long, and all of them within a second; false when
 * a reader stayed.
 */
export async function lockOutReaders(manager: EntityManager, tables: readonly string[]): Promise<boolean> {
  // One statement, so that the limit counts for all tables together: the first is locked while the second is waited for.
  const lock = `LOCK TABLE ${tables.join(', ')} IN ACCESS EXCLUSIVE MODE`;
  const take = async (): Promise<void> => {
    await manager.query(`SET LOCAL statement_timeout = ${tryMs}`);
    await manager.query(lock);
    await manager.query('SET LOCAL statement_timeout TO DEFAULT');
  };
  for (const pause of pausesMs) {
    if (await tryTo(manager, take)) return true;
    await delay(pause);
  }
  return tryTo(manager, take);
}

/** False when the locks were not to be had in time; then none of them is held or waited for. */
async function tryTo(manager: EntityManager, take: () => Promise<void>): Promise<boolean> {
  await manager.query('SAVEPOINT locks');
  try {
    await take();
    return true;
  } catch (error) {
    if (![lockTimeout, statementTimeout].includes(postgresCodeOf(error))) throw error;
    await manager.query('ROLLBACK TO SAVEPOINT locks');
    return false;
  }
}

/** Only what an operator needs to find the session: neither its statement nor its user, which may be personal. */
const findHolders = `
  SELECT DISTINCT l.pid, COALESCE(NULLIF(a.application_name, ''), a.backend_type) AS application, COALESCE(a.query_start, a.xact_start) AS since
  FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
  WHERE l.locktype = 'relation' AND l.granted AND l.relation = ANY ($1::regclass[]) AND l.pid IS DISTINCT FROM pg_backend_pid()
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (NOT $2 OR l.mode NOT IN ('AccessShareLock', 'RowShareLock'))
  ORDER BY l.pid LIMIT 5`;

interface HolderRow {
  readonly pid: number | null;
  readonly application: string | null;
  readonly since: Date | null;
}

/** The sessions that use the tables, or only those that write to them, in words. */
export async function usersOf(
  manager: EntityManager,
  tables: readonly string[],
  { onlyWriters = false } = {},
): Promise<string> {
  const rows = await manager.query<HolderRow[]>(findHolders, [tables, onlyWriters]);
  return rows.map(described).join(', ') || 'a transaction that has ended meanwhile';
}

function described({ pid, application, since }: HolderRow): string {
  if (pid === null) return 'a prepared transaction';
  const start = since ? `, its statement began at ${since.toISOString()}` : '';
  return `process ${pid} of the server (${application ?? 'no application name'}${start})`;
}
