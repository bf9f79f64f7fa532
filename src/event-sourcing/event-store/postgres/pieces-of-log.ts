import type { QueryRunner } from 'typeorm';
import { Position } from '../event-envelope';
import { annals, sql } from '../../schema/sql';
import { query } from '../../schema/query';

/** A part of the log, as a statement of its own reads it: behind one position, up to another. */
export interface Piece {
  readonly after: Position;
  readonly upTo: Position;
}

/** Events in one piece, at most. */
export const eventsPerPiece = 100_000n;

/** Where a piece of $2 events behind $1 ends, up to $3. */
const findEnd = sql`
  SELECT max(position) AS "upTo" FROM (
    SELECT position FROM ${annals}.events WHERE position > $1 AND position <= $3 ORDER BY position LIMIT $2) AS piece`;

/**
 * The events behind `after` up to `upTo`, piece by piece, so that no statement and no snapshot lasts as long as the whole. What is
 * stored never changes, so the pieces fit each other.
 */
export async function* piecesOfLog(
  runner: QueryRunner,
  { after, upTo }: Piece,
  size: bigint = eventsPerPiece,
): AsyncGenerator<Piece> {
  for (let start = after; start < upTo;) {
    const [row] = await query<{ upTo: string | null }[]>(runner, findEnd, [start, size, upTo]);
    if (!row?.upTo) return;
    const end = BigInt(row.upTo);
    yield { after: start, upTo: end };
    start = end;
  }
}
