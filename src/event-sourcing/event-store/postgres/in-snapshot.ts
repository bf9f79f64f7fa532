import type { DataSource, EntityManager } from 'typeorm';

/** Long reads are what this is for, so the time limits of the service do not count here. */
const withoutLimits = 'SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0';

/** Runs `work` on one snapshot of the database, and rolls back whatever it did. */
export async function inSnapshot<R>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<R>,
): Promise<R> {
  const runner = dataSource.createQueryRunner('master');
  try {
    await runner.startTransaction('REPEATABLE READ');
    await runner.query(withoutLimits);
    return await work(runner.manager);
  } finally {
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    await runner.release();
  }
}
