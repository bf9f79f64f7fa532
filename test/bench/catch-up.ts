import { Pool } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { ProgressSignal } from '../../src/event-sourcing/event-store/progress-signal';
import { ProjectionPositions } from '../../src/event-sourcing/projections/projection-positions';
import { Leases } from '../../src/event-sourcing/subscriptions/leases';
import { SubscriptionRun } from '../../src/event-sourcing/subscriptions/subscription-run';
import { segmentsOf } from '../../src/event-sourcing/projections/projection-segment';
import { defaultSubscriptionSettings } from '../../src/event-sourcing/subscriptions/subscription-settings';
import { Peer, Projected } from './bench-store';
import { byHand } from './catch-up-by-hand';
import { CatchUp, fewEvents, upsertRow } from './catch-up-contestant';
import { figureOf } from './measure';
import { rounded, Section } from './report';
import { BenchSystem } from './system';

/** All ways to catch up, in turns; the first round is a warm-up. */
export async function catchUp(system: BenchSystem, peers: readonly Peer[], rounds: number): Promise<Section> {
  const contestants = await contestantsOf(system, peers);
  const rates = contestants.map((): number[] => []);
  const skipped = contestants.map(() => 0);
  for (let round = -1; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      const { rate, events } = await project(contestant);
      skipped[index] = contestant.events - events;
      if (round >= 0) rates[index]?.push(rate);
    }
  }
  const figures = contestants.map(({ name, events }, index) => {
    const of = `${rounded(skipped[index] ?? 0)} of ${rounded(events)} skipped`;
    return figureOf(skipped[index] === 0 ? name : `${name} (${of})`, rates[index] ?? [], []);
  });
  const column = `${rounded(contestants[0]?.events ?? 0)} events; ${rounded(fewEvents)} at most where a row is written for each`;
  return {
    title: 'Catch-up of a projection into one table, events a second',
    cells: [{ column, figures }],
  };
}

async function contestantsOf(system: BenchSystem, peers: readonly Peer[]): Promise<readonly CatchUp[]> {
  const { pool, store } = system;
  await pool.query('CREATE TABLE bench_checkpoint (name text PRIMARY KEY, position bigint)');
  await pool.query("INSERT INTO bench_checkpoint VALUES ('hand', 0)");
  const head = Number(await store.head());
  const many = await ofOurLog(pool, Math.min(50_000, head));
  const few = await ofOurLog(pool, Math.min(fewEvents, head));
  return [
    byHand('by hand, multi-row upsert, 1,000', 1_000, system, many),
    byHand('by hand, a transaction per event', 1, system, few),
    ...(await consumersOf(peers)),
    ours(500, system, many),
    ours(1_000, system, many),
  ];
}

/** The `bench` projector of this project, from its first event on, in pages of `batchSize`. */
function ours(batchSize: number, system: BenchSystem, all: Projected): CatchUp {
  const { pool, dataSource, store, projections, appended } = system;
  return {
    name: `Annals, rows(…).put, ${rounded(batchSize)}`,
    pool,
    events: all.events,
    run: async () => {
      await pool.query("DELETE FROM subscriptions WHERE name = 'bench'");
      const projected = new ProgressSignal();
      const positions = new ProjectionPositions(dataSource, projected);
      const leases = new Leases(dataSource, uuidv7(), 60);
      const settings = { ...defaultSubscriptionSettings, batchSize };
      const parts = { store, dataSource, leases, appended, projected, settings };
      const loop = new SubscriptionRun('bench', segmentsOf(projections.get('bench')), parts);
      loop.start();
      const isThere = await positions.waitFor('bench', BigInt(all.events), 120_000);
      await loop.stop();
      if (!isThere) throw new Error('The projection took too long.');
      return all;
    },
  };
}

/** The consumers of the peers, each on its own log; castore and the functions of message-db have none. */
async function consumersOf(peers: readonly Peer[]): Promise<readonly CatchUp[]> {
  const contestants: CatchUp[] = [];
  for (const { name, pool, head, consumer } of peers) {
    if (!consumer || !head) continue;
    const events = Math.min(fewEvents, await head());
    const run = () => consumer.project(events, upsertRow);
    contestants.push({ name: `${name}, ${consumer.name}`, pool, events, run });
  }
  return contestants;
}

/** A row for each stream. */
async function ofOurLog(pool: Pool, events: number): Promise<Projected> {
  const text = 'SELECT count(DISTINCT aggregate_id)::integer AS rows FROM events WHERE position <= $1';
  const { rows } = await pool.query<{ rows: number }>(text, [events]);
  return { events, rows: rows[0]?.rows ?? 0 };
}

async function project({ name, pool, run }: CatchUp): Promise<{ rate: number; events: number }> {
  await pool.query('TRUNCATE bench_rows');
  const started = performance.now();
  const { events, rows: expected } = await run();
  const rate = (events * 1_000) / (performance.now() - started);
  const { rows } = await pool.query<{ count: number }>('SELECT count(*)::integer AS count FROM bench_rows');
  const count = rows[0]?.count ?? 0;
  if (count < expected) throw new Error(`${name} left ${count} rows, where ${expected} were due.`);
  return { rate, events };
}
