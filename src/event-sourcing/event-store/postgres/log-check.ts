import type { DataSource } from 'typeorm';
import { inSnapshot } from './in-snapshot';

export interface LogCheckResult {
  readonly events: bigint;
  readonly head: bigint;
  readonly streams: bigint;
  /** Sentences that say what is wrong; at most 20 of a kind. */
  readonly problems: readonly string[];
}

const countEvents = `
  SELECT count(*) AS events, COALESCE(max(position), 0) AS last, (SELECT head FROM event_log WHERE only_row) AS head,
    (SELECT count(*) FROM (SELECT DISTINCT aggregate_type, aggregate_id FROM events) AS s) AS streams
  FROM events`;

const findHoles = `
  SELECT before, position FROM (
    SELECT position, lag(position, 1, 0::bigint) OVER (ORDER BY position) AS before FROM events) AS e
  WHERE position <> before + 1 ORDER BY position LIMIT 20`;

const findVersionGaps = `
  SELECT aggregate_type, aggregate_id, before, aggregate_version FROM (
    SELECT aggregate_type, aggregate_id, aggregate_version,
      lag(aggregate_version, 1, 0) OVER (PARTITION BY aggregate_type, aggregate_id ORDER BY position) AS before
    FROM events) AS e
  WHERE aggregate_version <> before + 1 LIMIT 20`;

const findOrphanClaims = `
  SELECT scope, aggregate_type, aggregate_id FROM claims AS c
  WHERE NOT EXISTS (
    SELECT FROM events AS e WHERE e.aggregate_type = c.aggregate_type AND e.aggregate_id = c.aggregate_id)
  LIMIT 20`;

interface CountRow {
  readonly events: string;
  readonly last: string;
  readonly head: string | null;
  readonly streams: string;
}

interface GapRow {
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly before: number;
  readonly aggregate_version: number;
}

/** Proves, in one snapshot: positions dense, versions dense and in the order of positions, no claim without a stream. */
export class LogCheck {
  constructor(private readonly dataSource: DataSource) {}

  run(): Promise<LogCheckResult> {
    return inSnapshot(this.dataSource, async (manager) => {
      const [count] = await manager.query<CountRow[]>(countEvents);
      if (!count) throw new Error('The database did not count the events.');
      const holes = await manager.query<{ before: string; position: string }[]>(findHoles);
      const gaps = await manager.query<GapRow[]>(findVersionGaps);
      const orphans = await manager.query<Omit<GapRow, 'before'>[]>(findOrphanClaims);
      const problems = [
        ...(count.head === count.last
          ? []
          : [`the head says ${count.head}, the last event is at ${count.last}`]),
        ...holes.map((hole) => `position ${hole.position} follows ${hole.before}`),
        ...gaps.map(
          (gap) =>
            `version ${gap.aggregate_version} follows ${gap.before} in stream ${gap.aggregate_type}/${gap.aggregate_id}`,
        ),
        ...orphans.map((o) => `a claim is held by the empty stream ${o.aggregate_type}/${o.aggregate_id}`),
      ];
      return {
        events: BigInt(count.events),
        head: BigInt(count.head ?? 0),
        streams: BigInt(count.streams),
        problems,
      };
    });
  }
}
