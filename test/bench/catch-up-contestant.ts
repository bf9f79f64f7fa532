import { Pool } from 'pg';
import { Projected } from './bench-store';

/** A way to project a log into the table `bench_rows`. */
export interface CatchUp {
  readonly name: string;
  /** To the database that the rows go to. */
  readonly pool: Pool;
  /** How many events it shall project, from the first one on. */
  readonly events: number;
  /** Projects them into the emptied table; what it gives is checked against the table. */
  run(): Promise<Projected>;
}

/** $1: stream, $2: e-mail. */
export const upsertRow =
  'INSERT INTO bench_rows (id, email) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET email = EXCLUDED.email';

/** The slow ones get the first events only. */
export const fewEvents = 5_000;
