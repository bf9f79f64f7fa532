import { Pool } from 'pg';

/** A way to project a log into the table `bench_rows`. */
export interface CatchUp {
  readonly name: string;
  /** To the database that the rows go to. */
  readonly pool: Pool;
  /** How many events it may project. */
  readonly head: number;
  /** It writes row by row: it gets as many events as it does in about a second. */
  readonly isSlow: boolean;
  /** Projects the first `events` of the log into the emptied table, and gives how many it has handled. */
  run(events: number): Promise<number>;
  /** How many rows they make at least. */
  rows(events: number): Promise<number>;
}

/** $1: stream, $2: e-mail. */
export const upsertRow =
  'INSERT INTO bench_rows (id, email) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET email = EXCLUDED.email';

/** A row for each stream, in the log of this project. */
export async function rowsOfOurLog(pool: Pool, events: number): Promise<number> {
  const text =
    'SELECT count(DISTINCT aggregate_id)::integer AS count FROM annals.events WHERE position <= $1';
  return (await pool.query<{ count: number }>(text, [events])).rows[0]?.count ?? 0;
}
