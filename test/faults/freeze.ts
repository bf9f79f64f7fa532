import { Pool } from 'pg';
import { setTimeout as delay } from 'node:timers/promises';
import { Dice } from './dice';
import { Service } from './program';

/** A transaction whose client has said nothing for a while is that of the stopped process. */
const openTransactions = `
  SELECT count(*)::integer AS count FROM pg_stat_activity
  WHERE datname = current_database() AND state = 'idle in transaction'
    AND state_change < clock_timestamp() - interval '30 milliseconds'`;

/** SIGSTOP while the service is in the transaction of a batch: tries until it is. */
export async function freezeInBatch(service: Service, pool: Pool, dice: Dice): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    service.signal('SIGSTOP');
    await delay(60);
    const { rows } = await pool.query<{ count: number }>(openTransactions);
    if (rows[0]?.count === 1) return;
    service.signal('SIGCONT');
    await delay(dice.between(1, 100));
  }
  throw new Error('The service was never met in the middle of a batch.');
}
