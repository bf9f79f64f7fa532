import type { DataSource } from 'typeorm';
import { Position } from '../event-store/event-envelope';
import { inSnapshot } from '../event-store/postgres/in-snapshot';

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

/** The sum is the one of `seenSum`: the last 64 bits of each id, without sign. */
const select = `
  SELECT s.name, s.segment, s.started_after, s.position, s.seen = (
    SELECT COALESCE(mod(sum(CASE WHEN bits < 0 THEN bits + 18446744073709551616 ELSE bits END), 18446744073709551616), 0)
    FROM events AS e,
      LATERAL (SELECT ('x' || right(replace(e.event_id::text, '-', ''), 16))::bit(64)::bigint::numeric AS bits) AS id
    WHERE e.position > s.started_after AND e.position <= s.position) AS saw_every
  FROM subscriptions AS s ORDER BY s.name, s.segment`;

interface Row {
  readonly name: string;
  readonly segment: number;
  readonly started_after: string;
  readonly position: string;
  readonly saw_every: boolean;
}

/** Proves for each subscription that it saw what the log holds: no event left out, none taken twice. */
export class CheckpointCheck {
  constructor(private readonly dataSource: DataSource) {}

  run(): Promise<readonly CheckpointProof[]> {
    return inSnapshot(this.dataSource, async (manager) => {
      const rows = await manager.query<Row[]>(select);
      return rows.map((row) => ({
        name: row.name,
        segment: row.segment,
        startedAfter: BigInt(row.started_after),
        checkpoint: BigInt(row.position),
        sawEvery: row.saw_every,
      }));
    });
  }
}
