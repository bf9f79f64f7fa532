import { leaseLasts } from '../checkpoints/lease-statements';
import { lastPositionOr } from '../../event-store/postgres/read-head';
import { annals, sql } from '../../schema/sql';

/** $1 names, $2 what ends the names of rebuilds, $3 the head of a log that is elsewhere. */
export const selectStatus = sql`
  SELECT s.name, s.segment, s.kind, s.version, s.paused, COALESCE(s.failure, r.trouble) AS failure,
    s.rebuilt_at, s.position AS checkpoint,
    CASE WHEN ${leaseLasts} THEN s.owner END AS owner,
    ${lastPositionOr('$3')} AS head, COALESCE(EXTRACT(EPOCH FROM clock_timestamp() - e.timestamp), 0)::double precision AS lag_seconds,
    COALESCE(p.parked_count, 0) AS parked_count,
    r.started_at, r.is_held, EXTRACT(EPOCH FROM clock_timestamp() - r.started_at)::double precision AS rebuilding_seconds
  FROM ${annals}.subscriptions AS s
    LEFT JOIN ${annals}.events AS e ON e.position = s.position + 1
    LEFT JOIN ${annals}.rebuilds AS r ON r.projection || $2 = s.name
    LEFT JOIN (
      SELECT subscription, segment, count(*)::integer AS parked_count FROM ${annals}.parked_events
      WHERE subscription = ANY ($1) GROUP BY subscription, segment
    ) AS p ON p.subscription = s.name AND p.segment = s.segment
  WHERE s.name = ANY ($1)
  ORDER BY s.name, s.segment`;

export interface StatusRow {
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
