import { v7 as uuidv7 } from 'uuid';
import { EventRegistry } from '../../src/event-sourcing';
import { ProgressSignal } from '../../src/event-sourcing/event-store/progress-signal';
import { ProjectionPositions } from '../../src/event-sourcing/projections/projection-positions';
import { Leases } from '../../src/event-sourcing/subscriptions/checkpoints/leases';
import { SharedLog } from '../../src/event-sourcing/log/shared-log';
import { DurableHandler } from '../../src/event-sourcing/subscriptions/handlers/durable-handler';
import { RunFactory } from '../../src/event-sourcing/subscriptions/delivery/run-factory';
import { segmentsOf } from '../../src/event-sourcing/projections/projection-segment';
import { defaultSubscriptionSettings } from '../../src/event-sourcing/subscriptions/subscription-settings';
import { WantedReadModels } from '../../src/event-sourcing/subscriptions/delivery/wanted-read-models';
import { Peer } from './bench-store';
import { Unheard } from './bench-user';
import { byHand } from './catch-up-by-hand';
import { CatchUp, rowsOfOurLog, upsertRow } from './catch-up-contestant';
import { figureOf } from './measure';
import { rounded, Section } from './report';
import { BenchSystem } from './system';

/** What a slow contestant projects in its first, uncounted round. */
const pilot = 300;

/** All ways to catch up, in turns; the first round is a warm-up. */
export async function catchUp(system: BenchSystem, peers: readonly Peer[], rounds: number): Promise<Section> {
  const results: { contestant: CatchUp; events: number; skipped: number; rates: number[] }[] = [];
  for (const contestant of await contestantsOf(system, peers)) {
    const { head, isSlow } = contestant;
    const { rate } = await project(contestant, isSlow ? Math.min(pilot, head) : head);
    const events = isSlow ? Math.min(head, Math.max(pilot, Math.round(rate))) : head;
    results.push({ contestant, events, skipped: 0, rates: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const result of results) {
      const { rate, handled } = await project(result.contestant, result.events);
      result.skipped = result.events - handled;
      result.rates.push(rate);
    }
  }
  const figures = results.map(({ contestant: { name }, events, skipped, rates }) => {
    const note = skipped === 0 ? '' : ` (skipped ${rounded(skipped)} of ${rounded(events)})`;
    return figureOf(name + note, rates, []);
  });
  const column = `${rounded(results[0]?.events ?? 0)} events; a second's worth where a row is written for each`;
  return {
    title: 'Catch-up of a projection into one table, events a second',
    cells: [{ column, figures }],
  };
}

async function contestantsOf(system: BenchSystem, peers: readonly Peer[]): Promise<readonly CatchUp[]> {
  const { pool, store } = system;
  await pool.query('CREATE TABLE bench_checkpoint (name text PRIMARY KEY, position bigint)');
  await pool.query("INSERT INTO bench_checkpoint VALUES ('hand', 0)");
  const head = Math.min(50_000, Number(await store.head()));
  return [
    byHand('by hand, multi-row upsert, 1,000', 1_000, system, head),
    byHand('by hand, a transaction per event', 1, system, head),
    ...(await consumersOf(peers)),
    ours('rows(…).put, 500', system, { head, batchSize: 500 }),
    ours('rows(…).put, 1,000', system, { head }),
    ours('the same in eight segments of one process', system, { head, projection: 'bench-segments' }),
    ours('the same beside nine handlers of other events', system, { head, handlers: 9 }),
  ];
}

interface Ours {
  readonly head: number;
  readonly projection?: 'bench' | 'bench-segments';
  readonly batchSize?: number;
  /** Subscriptions that follow the log besides, and must be there as well. */
  readonly handlers?: number;
}

/** A projector of this project, from its first event on. */
function ours(
  name: string,
  system: BenchSystem,
  { head, projection = 'bench', batchSize = 1_000, handlers = 0 }: Ours,
): CatchUp {
  const { pool, dataSource, store, projections, appended } = system;
  const idle = Array.from({ length: handlers }, (_, number) =>
    idleHandler(`idle-${number}`, system.registry),
  );
  const all = [segmentsOf(projections.get(projection)), ...idle.map((handler) => [handler])];
  return {
    name: `Annals, ${name}`,
    pool,
    head,
    isSlow: false,
    rows: (events) => rowsOfOurLog(pool, events),
    run: async (events) => {
      await pool.query('DELETE FROM annals.subscriptions');
      const projected = new ProgressSignal();
      const wanted = new WantedReadModels();
      const positions = new ProjectionPositions(dataSource, projected, wanted);
      const leases = new Leases(dataSource, uuidv7(), 60);
      const settings = { ...defaultSubscriptionSettings, batchSize };
      const log = new SharedLog(store);
      const factory = new RunFactory(store, log, dataSource, leases, appended, projected, wanted, settings);
      const runs = all.map((segments) => factory.run(segments[0]?.name ?? '', segments));
      for (const run of runs) run.start();
      const arrivals = runs.map((run) => positions.waitFor(run.name, BigInt(events), 120_000));
      const isThere = (await Promise.all(arrivals)).every(Boolean);
      await Promise.all(runs.map((run) => run.stop()));
      if (!isThere) throw new Error('The projection took too long.');
      return events;
    },
  };
}

/** A durable handler that has nothing to do with the events of the log. */
function idleHandler(name: string, registry: EventRegistry): DurableHandler {
  const definition = { name, events: [Unheard], eventsPerTransaction: 1_000 };
  return new DurableHandler(definition, { handle: () => undefined }, registry);
}

/** The consumers of the peers, each on its own log; castore and the functions of message-db have none. */
async function consumersOf(peers: readonly Peer[]): Promise<readonly CatchUp[]> {
  const contestants: CatchUp[] = [];
  for (const { name, pool, head, consumer } of peers) {
    if (!consumer || !head) continue;
    let rows = 0;
    contestants.push({
      name: `${name}, ${consumer.name}`,
      pool,
      head: await head(),
      isSlow: true,
      run: async (events) => {
        const projected = await consumer.project(events, upsertRow);
        rows = projected.rows;
        return projected.events;
      },
      rows: () => Promise.resolve(rows),
    });
  }
  return contestants;
}

async function project(
  { name, pool, run, rows: rowsOf }: CatchUp,
  events: number,
): Promise<{ rate: number; handled: number }> {
  await pool.query('TRUNCATE bench_rows');
  const started = performance.now();
  const handled = await run(events);
  const rate = (handled * 1_000) / (performance.now() - started);
  const expected = await rowsOf(events);
  const { rows } = await pool.query<{ count: number }>('SELECT count(*)::integer AS count FROM bench_rows');
  const count = rows[0]?.count ?? 0;
  if (count < expected) throw new Error(`${name} left ${count} rows, where ${expected} were due.`);
  return { rate, handled };
}
