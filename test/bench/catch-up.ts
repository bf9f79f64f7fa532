import { v7 as uuidv7 } from 'uuid';
import { ProgressSignal } from '../../src/event-sourcing/event-store/progress-signal';
import { ProjectionPositions } from '../../src/event-sourcing/projections/projection-positions';
import { Leases } from '../../src/event-sourcing/subscriptions/leases';
import { SubscriptionRun } from '../../src/event-sourcing/subscriptions/subscription-run';
import { segmentsOf } from '../../src/event-sourcing/projections/projection-segment';
import { defaultSubscriptionSettings } from '../../src/event-sourcing/subscriptions/subscription-settings';
import { BenchSystem } from './system';

interface LogRow {
  readonly position: string;
  readonly aggregate_id: string;
  readonly data: { readonly email: string };
}

export interface CatchUp {
  readonly name: string;
  /** Projects the first `events` of the log into the emptied table. */
  run(system: BenchSystem, events: number): Promise<void>;
}

const nextRows = 'SELECT * FROM events WHERE position > $1 ORDER BY position LIMIT $2';
const upsertMany = `
  INSERT INTO bench_rows (id, email) SELECT * FROM unnest($1::text[], $2::text[])
  ON CONFLICT (id) DO UPDATE SET email = EXCLUDED.email`;
const upsertOne = `
  INSERT INTO bench_rows (id, email) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET email = EXCLUDED.email`;

/** Pages of `size` by hand, each in a transaction with the checkpoint; one row for each stream and page. */
function byHand(name: string, size: number): CatchUp {
  return {
    name,
    run: async ({ pool }, events) => {
      const client = await pool.connect();
      try {
        for (let after = 0; after < events;) {
          const limit = Math.min(Math.max(size, 500), events - after);
          const { rows } = await client.query<LogRow>({
            name: 'next',
            text: nextRows,
            values: [after, limit],
          });
          for (let at = 0; at < rows.length; at += size) await page(rows.slice(at, at + size));
          after += rows.length;
        }
      } finally {
        client.release();
      }

      async function page(rows: readonly LogRow[]): Promise<void> {
        await client.query('BEGIN');
        const last = new Map(rows.map((row) => [row.aggregate_id, row.data.email]));
        const [[id, email] = []] = last;
        if (size === 1) await client.query({ name: 'upsert-one', text: upsertOne, values: [id, email] });
        else
          await client.query({
            name: 'upsert-many',
            text: upsertMany,
            values: [[...last.keys()], [...last.values()]],
          });
        await client.query({
          name: 'checkpoint',
          text: "UPDATE bench_checkpoint SET position = $1 WHERE name = 'hand'",
          values: [rows.at(-1)?.position],
        });
        await client.query('COMMIT');
      }
    },
  };
}

/** The `bench` projector of this project, from its first event on, in pages of `batchSize`. */
const ours = (batchSize: number): CatchUp => ({
  name: `Annals, rows(…).put, ${batchSize}`,
  run: async ({ dataSource, store, projections, appended }, events) => {
    const projected = new ProgressSignal();
    const positions = new ProjectionPositions(dataSource, projected);
    const leases = new Leases(dataSource, uuidv7(), 60);
    const settings = { ...defaultSubscriptionSettings, batchSize };
    const parts = { store, dataSource, leases, appended, projected, settings };
    const loop = new SubscriptionRun('bench', segmentsOf(projections.get('bench')), parts);
    loop.start();
    const isThere = await positions.waitFor('bench', BigInt(events), 120_000);
    await loop.stop();
    if (!isThere) throw new Error('The projection took too long.');
  },
});

export const catchUps: readonly CatchUp[] = [
  byHand('by hand, multi-row upsert, 1,000', 1_000),
  byHand('by hand, a transaction per event', 1),
  ours(500),
  ours(1_000),
];

/** Events a second, one round; the slow ones get fewer events. */
export async function catchUpRate(contestant: CatchUp, system: BenchSystem, events: number): Promise<number> {
  const { pool } = system;
  await pool.query('TRUNCATE bench_rows');
  await pool.query('CREATE TABLE IF NOT EXISTS bench_checkpoint (name text PRIMARY KEY, position bigint)');
  await pool.query("INSERT INTO bench_checkpoint VALUES ('hand', 0) ON CONFLICT DO NOTHING");
  await pool.query("DELETE FROM subscriptions WHERE name = 'bench'");
  const started = performance.now();
  await contestant.run(system, events);
  const rate = (events * 1_000) / (performance.now() - started);
  const { rows } = await pool.query<{ count: number }>(
    `SELECT (SELECT count(*) FROM bench_rows)::integer
       - (SELECT count(DISTINCT aggregate_id) FROM events WHERE position <= $1)::integer AS count`,
    [events],
  );
  if ((rows[0]?.count ?? -1) < 0) throw new Error(`${contestant.name} left rows out.`);
  return rate;
}
