import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver';
import { BoundedPool } from './bounded-pool';
import { poolBeside } from './pool-beside';

/** The time limits of the service do not count here: neither the server's, nor that of the client for an answer. */
const withoutLimits = 'SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0';

/** Runs `work` on one snapshot of the database, however long it takes, and rolls back whatever it did. */
export async function inSnapshot<R>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<R>,
): Promise<R> {
  return withLongReads(dataSource, async (runner) => {
    try {
      await runner.startTransaction('REPEATABLE READ');
      await runner.query(withoutLimits);
      return await work(runner.manager);
    } finally {
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    }
  });
}

/** Runs `work` with a connection of its own, for which the client has no time limit. */
export async function withLongReads<R>(
  dataSource: DataSource,
  work: (runner: QueryRunner) => Promise<R>,
): Promise<R> {
  const pool = poolBeside(dataSource, {
    application_name: 'annals long reads',
    max: 1,
    query_timeout: 0,
    statement_timeout: 0,
  });
  const runner = runnerOf(dataSource, pool);
  try {
    return await work(runner);
  } finally {
    await runner.release();
    await pool.end();
  }
}

/** A query runner of the data source that takes its connection from another pool. */
function runnerOf(dataSource: DataSource, pool: BoundedPool): QueryRunner {
  const driver = Object.create(dataSource.driver, { master: { value: pool } }) as PostgresDriver;
  const runner = driver.createQueryRunner('master');
  return Object.assign(runner, { manager: dataSource.createEntityManager(runner) });
}
