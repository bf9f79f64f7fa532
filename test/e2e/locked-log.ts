import { Client } from 'pg';
import { eventually, query } from './command-line';

export interface LockedLog {
  /** Waits until so many appends wait for the lock. */
  isAwaited(appends?: number): Promise<void>;
  unlock(): Promise<void>;
}

/** Keeps every append waiting inside the server, as a slow database would. */
export async function lockLog(databaseUrl: string): Promise<LockedLog> {
  const connection = new Client({ connectionString: databaseUrl });
  connection.on('error', () => undefined);
  await connection.connect();
  await connection.query('BEGIN');
  await connection.query('SELECT FROM annals.event_log FOR UPDATE');
  return {
    isAwaited: (appends = 1) =>
      eventually('appends wait for the log', async () => {
        const waiting = await query(
          databaseUrl,
          `SELECT FROM pg_stat_activity WHERE datname = current_database()
           AND wait_event_type = 'Lock' AND query LIKE '%append%'`,
        );
        return waiting.length >= appends;
      }),
    unlock: async () => {
      await connection.query('ROLLBACK');
      await connection.end();
    },
  };
}
