import { Logger } from '@nestjs/common';
import type { Client } from 'pg';
import { readLogState } from '../../event-sourcing';
import { Environment } from '../config/environment';
import { checkDatabase, DatabaseRefusedError } from './check-database';
import { collationWarning } from './check-collation';
import { checkSession } from './check-session';
import { pendingAmong } from './pending-migrations';
import { hostOf, isServerProven } from './tls';
import { withClient } from './with-client';

/** The server may lose what it has acknowledged; the process must not start. */
export class UnsafeServerError extends DatabaseRefusedError {
  constructor(dangers: readonly string[]) {
    super(
      `The database server may lose acknowledged events:\n${dangers.map((danger) => `  - ${danger}`).join('\n')}\n` +
        'Change it there, and start again. ALLOW_UNSAFE_DATABASE_SETTINGS=true starts all the same.',
    );
    this.name = 'UnsafeServerError';
  }
}

/** What is lost when a setting is off, and where to switch it on. */
const dangers: Readonly<Record<string, string>> = {
  fsync:
    'fsync is off: a crash of the machine loses acknowledged events, and may ruin the whole cluster. Set fsync = on in postgresql.conf, and reload.',
  full_page_writes:
    'full_page_writes is off: a crash of the machine may leave torn pages behind, unless the file system never tears them. Set full_page_writes = on in postgresql.conf, and reload.',
  synchronous_commit:
    'synchronous_commit is off for this role: a crash of the server loses events that were acknowledged a moment before. ' +
    'Set it to on, where it was changed: postgresql.conf, ALTER ROLE, ALTER DATABASE or the URL.',
};

const unsafeSettings = `SELECT name FROM pg_settings WHERE name = ANY ($1) AND setting = 'off' ORDER BY name`;

/**
 * Looks at the server as the service would use it, with what is set for its role and database, before anything is made there. Warns of
 * what may lose or betray events, and in production refuses a server that may lose them.
 * @throws DatabaseRefusedError
 */
export async function checkServer(url: string, environment: Environment): Promise<void> {
  const logger = new Logger('Database');
  const isProduction = environment.NODE_ENV === 'production';
  if (isProduction) for (const warning of tlsWarnings(url)) logger.warn(warning);
  const found = await withClient(url, async (client) => {
    await checkDatabase(client);
    await checkSession(client, url, environment);
    const collation = await collationWarning(client);
    if (collation) logger.warn(collation);
    return findDangers(client);
  });
  if (isProduction && found.length > 0 && !environment.ALLOW_UNSAFE_DATABASE_SETTINGS) {
    throw new UnsafeServerError(found);
  }
  for (const danger of found) logger.warn(`EVENTS MAY BE LOST: ${danger}`);
}

/**
 * For a start that leaves the migrations to somebody else. A database that lacks some may serve in part meanwhile; readiness names them.
 * @throws DatabaseRefusedError where none has run.
 */
export async function checkPending(url: string): Promise<void> {
  const { pending, isEmpty } = await withClient(url, async (client) => ({
    pending: await pendingAmong(async (sql, values) => (await client.query(sql, values)).rows as never),
    isEmpty:
      (await client.query(`SELECT WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'annals')`))
        .rowCount === 1,
  }));
  if (pending.length === 0) return;
  const mend = 'Run them: npm run cli -- migrate (MIGRATE_ON_START is false, so a start does not run them)';
  if (isEmpty)
    throw new DatabaseRefusedError(`The database has no tables yet: all migrations are pending. ${mend}.`);
  new Logger('Database').warn(
    `Migrations are pending: ${pending.join(', ')}. ${mend}. Until then requests may be refused, and the service is not ready.`,
  );
}

/**
 * Looks at the log, once its tables are there.
 * @throws DatabaseRefusedError where every append would fail.
 */
export async function checkLog(url: string): Promise<void> {
  const { problem } = await withClient(url, (client) =>
    readLogState(async (text) => (await client.query(text)).rows as never),
  );
  if (problem === undefined) return;
  throw new DatabaseRefusedError(
    `The log cannot take appends: ${problem}. Were its tables restored one without the other? Restore all of them; or, when ` +
      '"npm run cli -- verify" finds nothing else wrong, run: INSERT INTO annals.event_log DEFAULT VALUES',
  );
}

async function findDangers(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(unsafeSettings, [Object.keys(dangers)]);
  return rows.map(({ name }) => dangers[name] ?? name);
}

function tlsWarnings(url: string): string[] {
  const host = hostOf(url);
  const isHere = /^(localhost|127(\.\d+){3}|::1|\/.*)$/.test(host);
  if (isHere || isServerProven(url)) return [];
  return [
    `THE DATABASE SERVER IS NOT PROVEN: whoever is between here and ${host} can read and change everything. ` +
      'Set DATABASE_CA_FILE, or sslmode=verify-full in DATABASE_URL.',
  ];
}
