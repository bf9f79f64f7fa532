import type { EntityManager } from 'typeorm';
import { Position, RecordedEvent } from '../../event-store/event-envelope';
import { EventStore } from '../../event-store/event-store';
import { checkContiguous } from '../../subscriptions/contiguous';
import { seenSum } from '../../subscriptions/seen-events';
import { Projection } from '../projection';
import { quoted } from '../tables-of';
import { NextRows, nextNameOf, nextRowsOf, writeToNextTables } from './next-rows';

/** A rebuild whose checkpoints are locked, and stand at `position` in every segment. */
export interface CaughtUp {
  readonly position: Position;
  /** Higher than any epoch under which the old or the new rows were written. */
  readonly nextEpoch: bigint;
  readonly isPaused: boolean;
}

/** Not more than this many events are applied while others wait. */
export const nearEnough = 500;

const lockCheckpoints = `
  SELECT name, segment, position, epoch, paused FROM subscriptions WHERE name IN ($1, $2)
  ORDER BY name, segment FOR UPDATE`;

const countParked = 'SELECT count(*)::integer AS count FROM parked_events WHERE subscription = $1';

const moveNext = `
  UPDATE subscriptions SET position = $3, seen = mod(seen + $4, 18446744073709551616) WHERE name = $1 AND segment = $2`;

interface CheckpointRow {
  readonly name: string;
  readonly segment: number;
  readonly position: string;
  readonly epoch: string;
  readonly paused: boolean;
}

/**
 * Locks the checkpoints of the live and of the new rows, and applies to the new ones what they have not seen yet, so that they
 * are as far as the live ones, or farther. Undefined when that is more than a little, or something is set aside. The
 * next tables must be locked before: the loops that fill them write rows first and move their checkpoint last.
 */
export async function catchUp(
  manager: EntityManager,
  store: EventStore,
  projection: Projection,
): Promise<CaughtUp | undefined> {
  const nextName = nextNameOf(projection.name);
  const rows = await manager.query<CheckpointRow[]>(lockCheckpoints, [projection.name, nextName]);
  const next = rows.filter((row) => row.name === nextName);
  const [parked] = await manager.query<{ count: number }[]>(countParked, [nextName]);
  if (next.length === 0 || parked?.count !== 0) return undefined;
  const positions = rows.map((row) => BigInt(row.position));
  const position = positions.reduce((a, b) => (a > b ? a : b), 0n);
  const from = next.map((row) => BigInt(row.position)).reduce((a, b) => (a < b ? a : b));
  if (position - from > nearEnough) return undefined;
  const events = await readBetween(store, from, position);
  await writeToNextTables(manager);
  for (const segment of nextRowsOf(projection)) {
    const after = BigInt(next.find((row) => row.segment === segment.segment.index)?.position ?? position);
    await apply(segment, events.slice(Number(after - from)), { position, manager });
  }
  const epochs = rows.map((row) => BigInt(row.epoch));
  return {
    position,
    nextEpoch: epochs.reduce((a, b) => (a > b ? a : b), 0n) + 1n,
    isPaused: rows.some((row) => row.name === projection.name && row.paused),
  };
}

/** Keeps the loops from writing to the next tables, and waits until they have committed. Reading goes on. */
export async function lockNextTables(
  manager: EntityManager,
  tables: readonly string[],
  mode: 'SHARE ROW EXCLUSIVE' | 'ACCESS EXCLUSIVE',
): Promise<void> {
  for (const table of tables) {
    await manager.query(`LOCK TABLE projection_next.${quoted(table)} IN ${mode} MODE`);
  }
}

async function readBetween(store: EventStore, from: Position, to: Position): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for (let after = from; after < to;) {
    const page = await store.readAll({ after, limit: Number(to - after) });
    if (page.length === 0) throw new Error(`The log ends at ${after}, before the checkpoint ${to}.`);
    checkContiguous(page, after);
    events.push(...page);
    after += BigInt(page.length);
  }
  return events;
}

async function apply(
  rows: NextRows,
  events: readonly RecordedEvent[],
  { position, manager }: { readonly position: Position; readonly manager: EntityManager },
): Promise<void> {
  await rows.handle(
    events.filter((event) => rows.wants(event)),
    manager,
  );
  await manager.query(moveNext, [rows.name, rows.segment.index, position, seenSum(events)]);
}
