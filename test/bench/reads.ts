import { Leases } from '../../src/event-sourcing/subscriptions/leases';
import { ProgressSignal } from '../../src/event-sourcing/event-store/progress-signal';
import { ProjectionPositions } from '../../src/event-sourcing/projections/projection-positions';
import { SubscriptionRun } from '../../src/event-sourcing/subscriptions/subscription-run';
import { segmentsOf } from '../../src/event-sourcing/projections/projection-segment';
import { defaultSubscriptionSettings } from '../../src/event-sourcing/subscriptions/subscription-settings';
import { Contestant } from './measure';
import { BenchSystem } from './system';

const page = 1_000;

/** The log in pages, as recorded events. */
export function readLog({ store }: BenchSystem): Contestant {
  let after = 0n;
  return {
    name: 'read all',
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
  const text = 'SELECT * FROM events WHERE position > $1 ORDER BY position LIMIT $2';
  return {
    name: 'raw pg',
    once: async () => {
      const { rows } = await pool.query<{ position: string }>({ name: 'raw', text, values: [after, page] });
      after = rows.at(-1)?.position ?? '0';
      return rows.length;
    },
  };
}

/** Events per second of a projection that starts at the beginning: one upsert per event, batches of 500. */
export async function catchUp(system: BenchSystem, events: bigint): Promise<number> {
  const { dataSource, store, projections, appended } = system;
  const projected = new ProgressSignal();
  const positions = new ProjectionPositions(dataSource, projected);
  const leases = new Leases(dataSource, 'bench', 60);
  const settings = defaultSubscriptionSettings;
  const parts = { store, dataSource, leases, appended, projected, settings };
  const run = new SubscriptionRun('bench', segmentsOf(projections.get('bench')), parts);
  const started = performance.now();
  run.start();
  if (!(await positions.waitFor('bench', events, 120_000))) throw new Error('The projection took too long.');
  const seconds = (performance.now() - started) / 1_000;
  await run.stop();
  return Number(events) / seconds;
}
