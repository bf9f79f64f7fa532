import { Position } from '../../event-store/event-envelope';
import { BeyondLogError } from '../../log/contiguous';
import { StatusRow } from './select-status';

/** How far a rebuild of a read model has got. */
export interface RebuildProgress {
  /** The version of the projector that fills the shadow tables. */
  readonly version: number;
  readonly checkpoint: Position;
  readonly startedAt: Date;
  /** Events a second, on average since it started. */
  readonly eventsPerSecond: number;
  /** How long it will take at that rate, in seconds; null when that is not known. */
  readonly secondsLeft: number | null;
  /** As of a subscription: `stopped` when no process of its version runs it. */
  readonly state: 'running' | 'stopped' | 'failed';
  /** The process that fills the shadow tables; of a divided projection, all that do. */
  readonly owner: string | null;
  readonly paused: boolean;
  readonly lagEvents: bigint;
  /** The swap waits for an operator. */
  readonly isHeld: boolean;
  readonly parkedCount: number;
  /** Why the rebuild stands still, or there is no swap yet. */
  readonly failure: string | null;
}

export interface SubscriptionStatus {
  readonly name: string;
  readonly kind: 'projector' | 'handler';
  /** The version that made its rows. */
  readonly version: number;
  /**
   * `stopped`: paused, or no process runs it, or one of its segments. `failed`: it stands still; `failure` says why. Also
   * when its checkpoint is beyond the head of the log.
   * `rebuilding`: its shadow tables are filled, beside the tables that are read.
   */
  readonly state: 'running' | 'rebuilding' | 'stopped' | 'failed';
  /** Of its slowest segment, like the lag. */
  readonly checkpoint: Position;
  /** Position of the last event of the log. */
  readonly head: Position;
  readonly lagEvents: bigint;
  /**
   * Age of the oldest event that it has not seen, in seconds; 0 when it has seen all. By the stamp of the event, within what
   * this process has seen of the log by its own clock.
   */
  readonly lagSeconds: number;
  /** The process that runs it; of a divided one, all that do. */
  readonly owner: string | null;
  readonly segments: readonly SegmentStatus[];
  readonly paused: boolean;
  readonly failure: string | null;
  /** Events set aside: parked, tried again, or waiting behind one of those. */
  readonly parkedCount: number;
  /** When a rebuild was swapped in last; null when that never happened. */
  readonly rebuiltAt: Date | null;
  readonly rebuild: RebuildProgress | null;
}

export interface SegmentStatus {
  readonly segment: number;
  readonly checkpoint: Position;
  readonly lagEvents: bigint;
  readonly lagSeconds: number;
  readonly owner: string | null;
  readonly parkedCount: number;
}

/** Age of the event at a position, in seconds; `stamped`: what its stamp says. */
type AgeOf = (position: Position, stamped: number) => number;

/** The status of one subscription, from the rows of its segments and those of its rebuild. */
export function statusOf(
  rows: readonly [StatusRow, ...StatusRow[]],
  rebuild: readonly StatusRow[],
  ageOf: AgeOf,
): SubscriptionStatus {
  const slowest = slowestOf(rows);
  const { name, kind, version } = slowest;
  const { checkpoint, lagEvents, lagSeconds } = segmentStatus(slowest, ageOf);
  return {
    name,
    kind,
    version,
    state: rebuild.length > 0 ? stateBesideRebuild(rows) : stateOf(rows),
    checkpoint,
    head: BigInt(slowest.head),
    lagEvents,
    lagSeconds,
    owner: ownersOf(rows),
    segments: rows.map((row) => segmentStatus(row, ageOf)),
    paused: slowest.paused,
    failure: failureOf(rows),
    parkedCount: parkedIn(rows),
    rebuiltAt: slowest.rebuilt_at,
    rebuild: progressOf(rebuild),
  };
}

function segmentStatus(row: StatusRow, ageOf: AgeOf): SegmentStatus {
  const checkpoint = BigInt(row.checkpoint);
  const lagEvents = lagOf(row);
  const age = lagEvents === 0n ? 0 : ageOf(checkpoint + 1n, row.lag_seconds);
  return {
    segment: row.segment,
    checkpoint,
    lagEvents,
    lagSeconds: Math.round(age * 1_000) / 1_000,
    owner: row.owner,
    parkedCount: row.parked_count,
  };
}

function parkedIn(rows: readonly StatusRow[]): number {
  return rows.reduce((sum, row) => sum + row.parked_count, 0);
}

function progressOf([first, ...others]: readonly StatusRow[]): RebuildProgress | null {
  if (!first) return null;
  const rows = [first, ...others] as const;
  const slowest = slowestOf(rows);
  const done = Number(slowest.checkpoint);
  const rate = done / Math.max(slowest.rebuilding_seconds ?? 0, 0.001);
  return {
    version: slowest.version,
    checkpoint: BigInt(slowest.checkpoint),
    startedAt: slowest.started_at ?? new Date(0),
    eventsPerSecond: Math.round(rate),
    secondsLeft: rate > 0 ? Math.ceil((Number(slowest.head) - done) / rate) : null,
    state: stateOf(rows),
    owner: ownersOf(rows),
    paused: slowest.paused,
    lagEvents: lagOf(slowest),
    isHeld: slowest.is_held ?? false,
    parkedCount: parkedIn(rows),
    failure: failureOf(rows),
  };
}

function slowestOf(rows: readonly [StatusRow, ...StatusRow[]]): StatusRow {
  return rows.reduce((a, b) => (BigInt(a.checkpoint) <= BigInt(b.checkpoint) ? a : b));
}

function stateOf(rows: readonly StatusRow[]): RebuildProgress['state'] {
  if (rows.some((row) => row.paused)) return 'stopped';
  if (failureOf(rows) !== null) return 'failed';
  return rows.every((row) => row.owner !== null) ? 'running' : 'stopped';
}

/** A rebuild replaces the rows of an old version: no process needs to run that subscription. */
function stateBesideRebuild(rows: readonly StatusRow[]): SubscriptionStatus['state'] {
  const state = stateOf(rows);
  return state === 'failed' || rows.some((row) => row.paused) ? state : 'rebuilding';
}

function lagOf({ head, checkpoint }: StatusRow): bigint {
  const lag = BigInt(head) - BigInt(checkpoint);
  return lag > 0n ? lag : 0n;
}

function ownersOf(rows: readonly StatusRow[]): string | null {
  return [...new Set(rows.flatMap(({ owner }) => owner ?? []))].join(', ') || null;
}

function failureOf(rows: readonly StatusRow[]): string | null {
  const beyond = rows.find(({ checkpoint, head }) => BigInt(checkpoint) > BigInt(head));
  if (beyond) return new BeyondLogError(BigInt(beyond.checkpoint), BigInt(beyond.head)).message;
  return rows.find(({ failure }) => failure !== null)?.failure ?? null;
}
