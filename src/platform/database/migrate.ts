import pg, { Client } from 'pg';
import { DataSource, Migration, MigrationExecutor, QueryRunner } from 'typeorm';
import { BoundedPool, migrateEventSourcing } from '../../event-sourcing';
import { checkDatabase } from './check-database';
import { migrations } from './migrations';

/** Any number, as long as every version of this program uses the same. */
const lockKey = 7_262_553_014;

/** A migration takes as long as it takes, and so does the wait for another process that migrates. Older servers know fewer limits. */
const withoutLimits = `
  SELECT set_config(name, '0', true)
  FROM unnest('{statement_timeout,lock_timeout,idle_in_transaction_session_timeout,transaction_timeout}'::text[]) AS l(name)
  WHERE current_setting(name, true) IS NOT NULL`;

/**
 * Runs what is pending, first of the event store's schema, then of this service, and returns the names. Several processes may start at once: one migrates, the others wait for it
 * and find nothing to do. The lock belongs to the transaction of each migration, so it works behind poolers, with a single
 * connection, and dies with it.
 * @throws DatabaseRefusedError before anything is made.
 */
export async function migrate(url: string): Promise<readonly string[]> {
  await check(url);
  const ofEventStore = await migrateEventSourcing({ connection: { connectionString: url } });
  const dataSource = new DataSource({
    type: 'postgres',
    driver: { ...pg, Pool: BoundedPool },
    url,
    migrations: migrations(),
    poolSize: 1,
    applicationName: 'annals migrate',
    extra: { connectionTimeoutMillis: 10_000 },
    poolErrorHandler: () => undefined,
  });
  await dataSource.initialize();
  try {
    return [...ofEventStore, ...(await runPending(dataSource))];
  } finally {
    await dataSource.destroy();
  }
}

async function check(url: string): Promise<void> {
  const client = new Client({
    connectionString: url,
    application_name: 'annals migrate',
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await checkDatabase(client);
  } finally {
    await client.end();
  }
}

async function runPending(dataSource: DataSource): Promise<readonly string[]> {
  const done: string[] = [];
  for (;;) {
    const migration = await dataSource.transaction(({ queryRunner }) => {
      if (!queryRunner) throw new Error('A transaction without a connection.');
      return runNext(dataSource, queryRunner);
    });
    if (!migration) return done;
    done.push(migration.name);
  }
}

/** In a transaction: what is pending is known once the lock is held. */
async function runNext(dataSource: DataSource, runner: QueryRunner): Promise<Migration | undefined> {
  await runner.query(withoutLimits);
  await runner.query('SELECT pg_advisory_xact_lock($1)', [lockKey]);
  const executor = new MigrationExecutor(dataSource, runner);
  const [next] = await executor.getPendingMigrations();
  return next && executor.executeMigration(next);
}
