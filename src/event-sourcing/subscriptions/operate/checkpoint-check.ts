import { Inject, Injectable } from '@nestjs/common';
import type { DataSource, QueryRunner } from 'typeorm';
import { Position } from '../../event-store/event-envelope';
import { withLongReads } from '../../postgres/in-snapshot';
import { eventsPerPiece, piecesOfLog } from '../../event-store/postgres/pieces-of-log';
import { lastPosition } from '../../event-store/postgres/read-head';
import { DATA_SOURCE } from '../../injection-tokens';
import { annals, sql } from '../../schema/sql';
import { query } from '../../schema/query';

/** Whether one segment of a subscription has seen every event up to its checkpoint, each once. */
export interface CheckpointProof {
  readonly name: string;
  readonly segment: number;
  /** The proof covers the events behind this position … */
  readonly startedAfter: Position;
  /** … up to this one. */
  readonly checkpoint: Position;
  readonly sawEvery: boolean;
}

const readCheckpoints = sql`
  SELECT name, segment, started_after, position, seen, ${lastPosition} AS head
  FROM ${annals}.subscriptions ORDER BY name, segment`;

/** The sum is the one of `seenSum`: the last 64 bits of each id, without sign. */
const sumIds = sql`
  SELECT COALESCE(sum(CASE WHEN bits < 0 THEN bits + 18446744073709551616 ELSE bits END), 0) AS sum
  FROM ${annals}.events AS e,
    LATERAL (SELECT ('x' || right(replace(e.event_id::text, '-', ''), 16))::bit(64)::bigint::numeric AS bits) AS id
  WHERE e.position > $1 AND e.position <= $2`;

interface Row {
  readonly name: string;
  readonly segment: number;
  readonly started_after: string;
  readonly position: string;
  readonly seen: string;
  readonly head: string;
}

/** Proves for each subscription that it saw what the log holds: no event left out, none taken twice. */
@Injectable()
export class CheckpointCheck {
  constructor(@Inject(DATA_SOURCE) private readonly dataSource: DataSource) {}

  /** Reads the log once for all checkpoints. `piece`: the number of events that one statement reads. */
  run(piece: bigint = eventsPerPiece): Promise<readonly CheckpointProof[]> {
    return withLongReads(this.dataSource, async (runner) => {
      const rows = await query<Row[]>(runner, readCheckpoints);
      const ends = rows.flatMap((row) => [BigInt(row.started_after), BigInt(row.position)]);
      const sums = await sumsUpTo(runner, ends, piece);
      return rows.map((row) => proofOf(row, sums));
    });
  }
}

/** The sum of all ids up to each of the positions, modulo 2^64. */
async function sumsUpTo(
  runner: QueryRunner,
  positions: readonly Position[],
  eventsPerStatement: bigint,
): Promise<ReadonlyMap<Position, bigint>> {
  const sums = new Map<Position, bigint>();
  let sum = 0n;
  let after = 0n;
  for (const upTo of [...new Set(positions)].sort((a, b) => (a < b ? -1 : 1))) {
    for await (const piece of piecesOfLog(runner, { after, upTo }, eventsPerStatement)) {
      const [row] = await query<{ sum: string }[]>(runner, sumIds, [piece.after, piece.upTo]);
      sum = BigInt.asUintN(64, sum + BigInt(row?.sum ?? 0));
    }
    sums.set(upTo, sum);
    after = upTo;
  }
  return sums;
}

/** A checkpoint beyond the end of the log saw what the log does not hold. */
function proofOf(row: Row, sums: ReadonlyMap<Position, bigint>): CheckpointProof {
  const startedAfter = BigInt(row.started_after);
  const checkpoint = BigInt(row.position);
  const sum = BigInt.asUintN(64, (sums.get(checkpoint) ?? 0n) - (sums.get(startedAfter) ?? 0n));
  const isInLog = checkpoint <= BigInt(row.head);
  return {
    name: row.name,
    segment: row.segment,
    startedAfter,
    checkpoint,
    sawEvery: isInLog && sum === BigInt(row.seen),
  };
}
