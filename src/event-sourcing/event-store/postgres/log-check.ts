import { Inject, Injectable } from '@nestjs/common';
import type { DataSource, QueryRunner } from 'typeorm';
import { DatabaseAnswerError } from '../errors';
import { Position } from '../event-envelope';
import { EventRegistry } from '../event-registry';
import { withLongReads } from '../../postgres/in-snapshot';
import { DATA_SOURCE } from '../../injection-tokens';
import { Piece, piecesOfLog } from './pieces-of-log';
import { readHead } from './read-head';
import { annals, sql } from '../../schema/sql';
import { query } from '../../schema/query';

export interface LogCheckResult {
  readonly events: bigint;
  readonly head: bigint;
  readonly streams: bigint;
  /** Events of types that are retired: everybody passes them over. */
  readonly retired: readonly RetiredEvents[];
  /** Sentences that say what is wrong; at most 20 of a kind. */
  readonly problems: readonly string[];
}

/** How many events of a retired type the log has. */
export interface RetiredEvents {
  readonly type: string;
  readonly events: bigint;
}

const shown = 20;

/** Of one piece: $1 behind this position, $2 up to this one. */
const countEvents = sql`
  SELECT count(*) AS events, count(*) FILTER (WHERE aggregate_version = 1) AS streams FROM ${annals}.events
  WHERE position > $1 AND position <= $2`;

const findHoles = sql`
  SELECT before, position FROM (
    SELECT position, lag(position, 1, $1::bigint) OVER (ORDER BY position) AS before FROM ${annals}.events
    WHERE position > $1 AND position <= $2) AS e
  WHERE position <> before + 1 ORDER BY position LIMIT ${shown}`;

/** Each version but the first stands behind the one before it. By a lookup for each event: a join might read the whole log for each piece. */
const findVersionGaps = sql`
  SELECT e.aggregate_type, e.aggregate_id, e.aggregate_version, COALESCE((
    SELECT before.aggregate_version FROM ${annals}.events AS before
    WHERE before.aggregate_type = e.aggregate_type AND before.aggregate_id = e.aggregate_id AND before.position < e.position
    ORDER BY before.position DESC LIMIT 1), 0) AS before
  FROM ${annals}.events AS e
  WHERE e.position > $1 AND e.position <= $2 AND e.aggregate_version > 1 AND COALESCE((
    SELECT p.position FROM ${annals}.events AS p
    WHERE p.aggregate_type = e.aggregate_type AND p.aggregate_id = e.aggregate_id
      AND p.aggregate_version = e.aggregate_version - 1), e.position) >= e.position
  ORDER BY e.position LIMIT ${shown}`;

const countRetired = sql`
  SELECT event_type AS type, count(*) AS events FROM ${annals}.events WHERE event_type = ANY ($1) GROUP BY event_type ORDER BY event_type`;

const findOrphanClaims = sql`
  SELECT scope, aggregate_type, aggregate_id FROM ${annals}.claims AS c
  WHERE NOT EXISTS (
    SELECT FROM ${annals}.events AS e WHERE e.aggregate_type = c.aggregate_type AND e.aggregate_id = c.aggregate_id)
  LIMIT ${shown}`;

interface GapRow {
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly before: number;
  readonly aggregate_version: number;
}

interface Found {
  readonly events: bigint;
  readonly streams: bigint;
  readonly holes: readonly string[];
  readonly gaps: readonly string[];
}

/** Proves: positions dense, versions dense and in the order of positions, no claim without a stream. */
@Injectable()
export class LogCheck {
  constructor(
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    private readonly registry: EventRegistry,
  ) {}

  run(): Promise<LogCheckResult> {
    return withLongReads(this.dataSource, async (runner) => {
      const [end] = await query<{ head: string }[]>(runner, readHead);
      if (!end) throw new DatabaseAnswerError('where the log ends');
      const head = BigInt(end.head);
      const found = await checkPieces(runner, head);
      const orphans = await query<Omit<GapRow, 'before'>[]>(runner, findOrphanClaims);
      return {
        events: found.events,
        head,
        streams: found.streams,
        retired: await this.countRetired(runner),
        problems: [
          ...found.holes.slice(0, shown),
          ...found.gaps.slice(0, shown),
          ...orphans.map((o) => `a claim is held by the empty stream ${o.aggregate_type}/${o.aggregate_id}`),
        ],
      };
    });
  }

  private async countRetired(runner: QueryRunner): Promise<readonly RetiredEvents[]> {
    const types = this.registry.retiredTypes;
    if (types.length === 0) return [];
    const rows = await query<{ type: string; events: string }[]>(runner, countRetired, [types]);
    return rows.map(({ type, events }) => ({ type, events: BigInt(events) }));
  }
}

async function checkPieces(runner: QueryRunner, last: Position): Promise<Found> {
  let found: Found = { events: 0n, streams: 0n, holes: [], gaps: [] };
  for await (const piece of piecesOfLog(runner, { after: 0n, upTo: last })) {
    const more = await checkPiece(runner, piece);
    found = {
      events: found.events + more.events,
      streams: found.streams + more.streams,
      holes: [...found.holes, ...more.holes],
      gaps: [...found.gaps, ...more.gaps],
    };
  }
  return found;
}

async function checkPiece(runner: QueryRunner, { after, upTo }: Piece): Promise<Found> {
  const values = [after, upTo];
  const [count] = await query<{ events: string; streams: string }[]>(runner, countEvents, values);
  const holes = await query<{ before: string; position: string }[]>(runner, findHoles, values);
  const gaps = await query<GapRow[]>(runner, findVersionGaps, values);
  return {
    events: BigInt(count?.events ?? 0),
    streams: BigInt(count?.streams ?? 0),
    holes: holes.map(({ before, position }) => `position ${position} follows ${before}`),
    gaps: gaps.map(
      (gap) =>
        `version ${gap.aggregate_version} follows ${gap.before} in stream ${gap.aggregate_type}/${gap.aggregate_id}`,
    ),
  };
}
