import { Contestant } from './measure';
import { BenchSystem } from './system';

const page = 1_000;

/** The log in pages, as recorded events. */
export function readLog({ store }: BenchSystem): Contestant {
  let after = 0n;
  return {
    name: 'Annals',
    once: async () => {
      const events = await store.readAll({ after, limit: page });
      after = events.at(-1)?.position ?? 0n;
      return events.length;
    },
  };
}

/** The same rows as `pg` gives them. */
export function readRows({ pool }: BenchSystem): Contestant {
  let after = '0';
  const text = 'SELECT * FROM annals.events WHERE position > $1 ORDER BY position LIMIT $2';
  return {
    name: 'raw pg',
    once: async () => {
      const { rows } = await pool.query<{ position: string }>({ name: 'raw', text, values: [after, page] });
      after = rows.at(-1)?.position ?? '0';
      return rows.length;
    },
  };
}
