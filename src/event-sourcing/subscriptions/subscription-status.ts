import type { DataSource } from 'typeorm';
import { Position } from '../event-store/event-envelope';
import { rebuildSuffix } from './subscriber';
import { Subscribers } from './subscribers';

/** How far a rebuild of a read model has got. */
export interface RebuildProgress {
  /** The version for which the rows are made anew. */
  readonly version: number;
  readonly checkpoint: Position;
  readonly startedAt: Date;
  /** Events a second, on average since it started. */
  readonly eventsPerSecond: number;
  /** How long it will take at that rate, in seconds; null when that is not known. */
  readonly secondsLeft: number | null;
  /** The new rows wait for an operator before they take over. */
  readonly isHeld: boolean;
  readonly parkedCount: number;
  /** Why the new rows stand still, or do not take over. */
  readonly failure: string | null;
}

export interface SubscriptionStatus {
  readonly name: string;
  readonly kind: 'projector' | 'handler';
  /** The version that made its rows. */
  readonly version: number;
  /**
   * `stopped`: paused, or no process runs it, or one of its segments. `failed`: it stands still; `failure` says why.
   * `rebuilding`: its rows are being made anew, beside those that are read.
   */
  readonly state: 'running' | 'rebuilding' | 'stopped' | 'failed';
  /** Of its slowest segment, like the lag. */
  readonly checkpoint: Position;
  /** Position of the last event of the log. */
  readonly head: Position;
  readonly lagEvents: bigint;
  /** Age of the oldest event that it has not seen, in seconds; 0 when it has seen all. */
  readonly lagSeconds: number;
  /** The process that runs it; of a divided one, all that do. */
  readonly owner: string | null;
  readonly segments: readonly SegmentStatus[];
  readonly paused: boolean;
  readonly failure: string | null;
  /** Events set aside: parked, tried again, or waiting behind one of those. */
  readonly parkedCount: number;
  /** When rows that were made anew took over last; null when that never happened. */
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

const select = `
  SELECT s.name, s.segment, s.kind, s.version, s.paused, COALESCE(s.failure, r.trouble) AS failure, s.rebuilt_at, s.position AS checkpoint,
    CASE WHEN s.lease_expires_at > clock_timestamp() THEN s.owner END AS owner,
    l.head, COALESCE(EXTRACT(EPOCH FROM clock_timestamp() - e.timestamp), 0)::double precision AS lag_seconds,
    COALESCE(p.parked_count, 0) AS parked_count,
    r.started_at, r.is_held, EXTRACT(EPOCH FROM clock_timestamp() - r.started_at)::double precision AS rebuilding_seconds
  FROM subscriptions AS s CROSS JOIN event_log AS l
    LEFT JOIN events AS e ON e.position = s.position + 1
    LEFT JOIN rebuilds AS r ON r.projection || $2 = s.name
    LEFT JOIN (
      SELECT subscription, segment, count(*)::integer AS parked_count FROM parked_events
      WHERE subscription = ANY ($1) GROUP BY subscription, segment
    ) AS p ON p.subscription = s.name AND p.segment = s.segment
  WHERE s.name = ANY ($1)
  ORDER BY s.name, s.segment`;

interface Row {
  readonly name: string;
  readonly segment: number;
  readonly kind: 'projector' | 'handler';
  readonly version: number;
  readonly paused: boolean;
  readonly failure: string | null;
  readonly rebuilt_at: Date | null;
  readonly checkpoint: string;
  readonly owner: string | null;
  readonly head: string;
  readonly lag_seconds: number;
  readonly parked_count: number;
  readonly started_at: Date | null;
  readonly is_held: boolean | null;
  readonly rebuilding_seconds: number | null;
}

/** How the subscriptions of the application stand, whichever process runs them. */
export class SubscriptionStatuses {
  constructor(
    private readonly dataSource: DataSource,
    private readonly subscribers: Subscribers,
  ) {}

  /** Those that a process has run at least once. */
  async all(): Promise<readonly SubscriptionStatus[]> {
    const names = this.subscribers.names();
    const withRebuilds = names.flatMap((name) => [name, name + rebuildSuffix]);
    const rows = await this.dataSource.query<Row[]>(select, [withRebuilds, rebuildSuffix]);
    const of = (name: string): Row[] => rows.filter((row) => row.name === name);
    return [...names].sort().flatMap((name) => {
      const [first, ...others] = of(name);
      return first ? [status([first, ...others], of(name + rebuildSuffix))] : [];
    });
  }
}

function status(rows: readonly [Row, ...Row[]], rebuild: readonly Row[]): SubscriptionStatus {
  const slowest = slowestOf(rows);
  const { name, kind, version } = slowest;
  const { checkpoint, lagEvents, lagSeconds } = segmentStatus(slowest);
  const owners = [...new Set(rows.flatMap(({ owner }) => owner ?? []))];
  return {
    name,
    kind,
    version,
    state: stateOf(rows, rebuild.length > 0),
    checkpoint,
    head: BigInt(slowest.head),
    lagEvents,
    lagSeconds,
    owner: owners.length === 0 ? null : owners.join(', '),
    segments: rows.map(segmentStatus),
    paused: slowest.paused,
    failure: rows.find((row) => row.failure !== null)?.failure ?? null,
    parkedCount: parkedIn(rows),
    rebuiltAt: slowest.rebuilt_at,
    rebuild: progressOf(rebuild),
  };
}

function segmentStatus(row: Row): SegmentStatus {
  const checkpoint = BigInt(row.checkpoint);
  return {
    segment: row.segment,
    checkpoint,
    lagEvents: BigInt(row.head) - checkpoint,
    lagSeconds: Math.max(0, Math.round(row.lag_seconds * 1_000) / 1_000),
    owner: row.owner,
    parkedCount: row.parked_count,
  };
}

function parkedIn(rows: readonly Row[]): number {
  return rows.reduce((sum, row) => sum + row.parked_count, 0);
}

function progressOf([first, ...others]: readonly Row[]): RebuildProgress | null {
  if (!first) return null;
  const slowest = slowestOf([first, ...others]);
  const done = Number(slowest.checkpoint);
  const rate = done / Math.max(slowest.rebuilding_seconds ?? 0, 0.001);
  return {
    version: slowest.version,
    checkpoint: BigInt(slowest.checkpoint),
    startedAt: slowest.started_at ?? new Date(0),
    eventsPerSecond: Math.round(rate),
    secondsLeft: rate > 0 ? Math.ceil((Number(slowest.head) - done) / rate) : null,
    isHeld: slowest.is_held ?? false,
    parkedCount: parkedIn([first, ...others]),
    failure: [first, ...others].find((row) => row.failure !== null)?.failure ?? null,
  };
}

function slowestOf(rows: readonly [Row, ...Row[]]): Row {
  return rows.reduce((a, b) => (BigInt(a.checkpoint) <= BigInt(b.checkpoint) ? a : b));
}

function stateOf(rows: readonly Row[], isRebuilding: boolean): SubscriptionStatus['state'] {
  if (rows.some((row) => row.paused)) return 'stopped';
  if (rows.some((row) => row.failure !== null)) return 'failed';
  if (isRebuilding) return 'rebuilding';
  return rows.every((row) => row.owner !== null) ? 'running' : 'stopped';
}
