import { CatchUp, rowsOfOurLog, upsertRow } from './catch-up-contestant';
import { BenchSystem } from './system';

interface LogRow {
  readonly position: string;
  readonly aggregate_id: string;
  readonly data: { readonly email: string };
}

const nextRows = 'SELECT * FROM annals.events WHERE position > $1 ORDER BY position LIMIT $2';
const upsertMany = `
  INSERT INTO bench_rows (id, email) SELECT * FROM unnest($1::text[], $2::text[])
  ON CONFLICT (id) DO UPDATE SET email = EXCLUDED.email`;

/** Pages of `size` by hand, each in a transaction with the checkpoint; one row for each stream and page. */
export function byHand(name: string, size: number, { pool }: BenchSystem, head: number): CatchUp {
  return {
    name,
    pool,
    head,
    isSlow: size === 1,
    rows: (events) => rowsOfOurLog(pool, events),
    run: async (events) => {
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
        return events;
      } finally {
        client.release();
      }

      async function page(rows: readonly LogRow[]): Promise<void> {
        await client.query('BEGIN');
        const last = new Map(rows.map((row) => [row.aggregate_id, row.data.email]));
        const [[id, email] = []] = last;
        if (size === 1) await client.query({ name: 'upsert-one', text: upsertRow, values: [id, email] });
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
