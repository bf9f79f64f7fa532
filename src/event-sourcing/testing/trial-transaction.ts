import type { DataSource, EntityManager } from 'typeorm';
import { hideBehindTemporary } from '../projections/temporary-tables';
import { inOwnTransaction } from '../subscriptions/delivery/own-transaction';

/** Ends the transaction of a trial; nothing of it is kept. */
class TrialOver extends Error {}

/** Runs `work` in a transaction in which empty tables stand for the real ones, and rolls it back. `of` names it in the log. */
export async function inTrialTransaction<R>(
  dataSource: DataSource,
  of: string,
  tables: readonly string[],
  work: (manager: EntityManager) => Promise<R>,
): Promise<R> {
  const results: R[] = [];
  try {
    await inOwnTransaction(dataSource, { name: of }, async (manager) => {
      for (const table of tables) await hideBehindTemporary(manager, table);
      results.push(await work(manager));
      throw new TrialOver();
    });
  } catch (error) {
    if (!(error instanceof TrialOver)) throw error;
  }
  return results[0] as R;
}

/** Does the work, and undoes what it did in the database: as when its transaction fails at its end. */
export async function andRollBack(manager: EntityManager, work: () => Promise<void>): Promise<void> {
  await manager.query('SAVEPOINT trial');
  await work();
  await manager.query('ROLLBACK TO SAVEPOINT trial');
}
