import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { migrations } from './migrations';

/** Any number, as long as every version of this program uses the same. */
const lockKey = 7_262_553_014;

/** The server is older than what the SQL of this project needs. */
export class UnsupportedServerError extends Error {
  constructor(version: string) {
    super(`The server is Postgres ${version}. Use version 14 or later.`);
    this.name = 'UnsupportedServerError';
  }
}

/**
 * Runs what is pending, and returns the names. Several processes may start at once: one migrates, the others wait for it
 * and find nothing to do. The lock belongs to a transaction, so it works behind poolers and dies with its connection.
 */
export async function migrate(url: string): Promise<readonly string[]> {
  const lock = new Client({
    connectionString: url,
    application_name: 'annals migrate',
    connectionTimeoutMillis: 10_000,
  });
  await lock.connect();
  try {
    await checkServer(lock);
    await lock.query('BEGIN');
    await lock.query('SELECT pg_advisory_xact_lock($1)', [lockKey]);
    return await runPending(url);
  } finally {
    await lock.end();
  }
}

async function runPending(url: string): Promise<readonly string[]> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    migrations: migrations(),
    poolSize: 2,
    applicationName: 'annals migrate',
  });
  await dataSource.initialize();
  try {
    const done = await dataSource.runMigrations({ transaction: 'each' });
    return done.map((migration) => migration.name);
  } finally {
    await dataSource.destroy();
  }
}

async function checkServer(client: Client): Promise<void> {
  const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
  const version = rows[0]?.server_version ?? '';
  if (Number.parseInt(version, 10) < 14) throw new UnsupportedServerError(version);
}
