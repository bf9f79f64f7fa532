import type { EntityManager } from 'typeorm';
import { largestOf, smallestOf } from '../../bigints';
import { Position, RecordedEvent } from '../../event-store/event-envelope';
import { EventStore } from '../../event-store/event-store';
import { BeyondLogError, checkContiguous } from '../../log/contiguous';
import { EventHandling } from '../../subscriptions/delivery/event-handling';
import { seenSum } from '../../subscriptions/checkpoints/seen-events';
import { shadowName } from '../../subscriptions/subscriber';
import { SubscriptionSettings } from '../../subscriptions/subscription-settings';
import { Projection } from '../projection';
import { ProjectionSegment, segmentsOf } from '../projection-segment';
import { annals, sql } from '../../schema/sql';
import { query } from '../../schema/query';

/** A rebuild whose checkpoints are locked, and stand at `position` in every segment. */
export interface CaughtUp {
  readonly position: Position;
  /** Higher than any epoch under which rows of the live or the shadow tables were written. */
  readonly nextEpoch: bigint;
  readonly isPaused: boolean;
}

/** Longest time in ms that events are applied while both projections are locked. An event in hand is finished. */
const catchUpMs = 1_000;

const lockCheckpoints = sql`
  SELECT name, segment, position, epoch, paused FROM ${annals}.subscriptions WHERE name IN ($1, $2)
  ORDER BY name, segment FOR UPDATE`;

const countParked = sql`SELECT count(*)::integer AS count FROM ${annals}.parked_events WHERE subscription = $1`;

const moveCheckpoint = sql`
  UPDATE ${annals}.subscriptions SET position = $3, seen = mod(seen + $4, 18446744073709551616) WHERE name = $1 AND segment = $2`;

interface CheckpointRow {
  readonly name: string;
  readonly segment: number;
  readonly position: string;
  readonly epoch: string;
  readonly paused: boolean;
}

/** What applies events to the shadow tables: the log, and how long the handler of one event may take. */
export interface CatchUpParts {
  readonly store: EventStore;
  readonly settings: SubscriptionSettings;
}

/**
 * Locks the checkpoints of the live and of the shadow tables, and applies to the shadow tables the events that they have not
 * seen yet, so that they are as far as the live ones, or farther. Undefined when that takes more than a second, and then the
 * applied events are worth committing; and when something is set aside. The shadow tables must be locked before: the loops
 * that fill them write rows first and move their checkpoint last.
 */
export async function catchUp(
  manager: EntityManager,
  parts: CatchUpParts,
  projection: Projection,
): Promise<CaughtUp | undefined> {
  const shadow = shadowName(projection.name);
  const rows = await query<CheckpointRow[]>(manager, lockCheckpoints, [projection.name, shadow]);
  const behind = rows.filter((row) => row.name === shadow);
  const [parked] = await query<{ count: number }[]>(manager, countParked, [shadow]);
  if (behind.length === 0 || parked?.count !== 0) return undefined;
  const position = largestOf(rows.map((row) => BigInt(row.position)));
  const checkpoints = new Map(behind.map((row) => [row.segment, BigInt(row.position)]));
  const segments = segmentsOf(projection, 'shadow').map((segment) => ({
    segment,
    from: checkpoints.get(segment.segment.index) ?? position,
  }));
  if (!(await applyUpTo(position, segments, { ...parts, manager }))) return undefined;
  const epochs = rows.map((row) => BigInt(row.epoch));
  return {
    position,
    nextEpoch: largestOf(epochs) + 1n,
    isPaused: rows.some((row) => row.name === projection.name && row.paused),
  };
}

interface BehindSegment {
  readonly segment: ProjectionSegment;
  readonly from: Position;
}

/** Whether all segments are at `position` now. It ends sooner when the time is up, with all of them at the same event. */
async function applyUpTo(
  position: Position,
  segments: readonly BehindSegment[],
  { store, settings, manager }: CatchUpParts & { readonly manager: EntityManager },
): Promise<boolean> {
  const began = performance.now();
  const start = smallestOf(
    segments.map(({ from }) => from),
    position,
  );
  let limit = 1;
  for (let after = start; after < position;) {
    const spent = performance.now() - began;
    if (spent >= catchUpMs) return false;
    limit = after === start ? 1 : inTime(limit, Number(after - start), spent);
    const events = await readPage(store, after, position, limit);
    for (const { segment, from } of segments) {
      const unseen = events.filter((event) => event.position > from);
      await apply(segment, unseen, new EventHandling(segment, settings), manager);
    }
    after += BigInt(events.length);
  }
  return true;
}

/** How many events fit into the time that is left, at the pace so far: at most twice as many as before. */
function inTime(before: number, done: number, spent: number): number {
  const fitting = Math.floor((done / Math.max(spent, 1)) * (catchUpMs - spent));
  return Math.max(1, Math.min(2 * before, fitting));
}

async function readPage(
  store: EventStore,
  after: Position,
  to: Position,
  limit: number,
): Promise<readonly RecordedEvent[]> {
  const page = await store.readAll({ after, limit: Math.min(limit, Number(to - after)) });
  if (page.length === 0) throw new BeyondLogError(to, after);
  checkContiguous(page, after);
  return page;
}

async function apply(
  segment: ProjectionSegment,
  events: readonly RecordedEvent[],
  handling: EventHandling,
  manager: EntityManager,
): Promise<void> {
  const last = events.at(-1);
  if (!last) return;
  await handling.handle(
    events.filter((event) => segment.wants(event)),
    manager,
  );
  await query(manager, moveCheckpoint, [segment.name, segment.segment.index, last.position, seenSum(events)]);
}
