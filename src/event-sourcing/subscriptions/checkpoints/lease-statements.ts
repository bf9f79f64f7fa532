import { annals, sql } from '../../schema/sql';

/**
 * Whether a lease lasts. No lease runs out later than its length from now: one that seems to was stamped by another clock,
 * of a server that was replaced since. Twice the length, because a clock that is put right by a moment takes no lease away.
 */
export const leaseLasts = `
  lease_expires_at BETWEEN clock_timestamp() AND clock_timestamp() + 2 * make_interval(secs => lease_seconds)`;

/** The same for a process in `subscription_members`. */
export const memberLasts = `
  expires_at BETWEEN clock_timestamp() AND clock_timestamp() + 2 * make_interval(secs => lease_seconds)`;

/** Segments that a process wants: $1 names, $2 segments, $3 how many segments there are, $4 versions. */
const wantedSegments = `
  SELECT * FROM unnest($1::text[], $2::integer[], $3::integer[], $4::integer[]) AS w (name, segment, segments, version)`;

/**
 * Takes every wanted lease that can be had, for the owner $5 and $6 seconds. A row that is locked is passed over: somebody moves it
 * or decides about it. Also tells what has no row yet, and whose rows another version made, without a rebuild for
 * the wanted version.
 */
export const takeLeases = sql`
  WITH wanted AS (${wantedSegments}),
  free AS (
    SELECT s.name, s.segment FROM ${annals}.subscriptions AS s JOIN wanted AS w USING (name, segment, segments, version)
    WHERE NOT s.paused AND (s.owner IS NULL OR s.owner = $5 OR NOT (${leaseLasts}))
    ORDER BY s.name, s.segment FOR UPDATE OF s SKIP LOCKED),
  taken AS (
    UPDATE ${annals}.subscriptions AS s
    SET owner = $5, epoch = s.epoch + 1, lease_expires_at = clock_timestamp() + make_interval(secs => $6), lease_seconds = $6
    FROM free WHERE s.name = free.name AND s.segment = free.segment
    RETURNING s.name, s.segment, s.epoch, s.position, s.failure)
  SELECT name, segment, 'taken' AS outcome, epoch, position, failure, NULL::integer AS version FROM taken
  UNION ALL
  SELECT w.name, w.segment, 'missing', NULL, NULL, NULL, NULL FROM wanted AS w
  WHERE NOT EXISTS (SELECT FROM ${annals}.subscriptions AS s WHERE s.name = w.name)
  UNION ALL
  SELECT w.name, w.segment, 'other version', NULL, NULL, NULL, s.version FROM wanted AS w CROSS JOIN LATERAL (
    SELECT version FROM ${annals}.subscriptions WHERE name = w.name AND (version <> w.version OR segments <> w.segments) LIMIT 1) AS s
  WHERE NOT EXISTS (
    SELECT FROM ${annals}.rebuilds AS r WHERE r.projection = w.name AND r.version = w.version AND r.segments = w.segments)`;

export interface TakenRow {
  readonly name: string;
  readonly segment: number;
  readonly outcome: 'taken';
  readonly epoch: string;
  readonly position: string;
  readonly failure: string | null;
}

export interface RefusedRow {
  readonly name: string;
  readonly segment: number;
  readonly outcome: 'missing' | 'other version';
  readonly version: number;
}

/**
 * Prolongs leases of the owner $4: $1 names, $2 segments, $3 epochs, $5 seconds. A row that is locked is passed over, because its
 * lease is prolonged by whoever moves it. Gives those that are the owner's no more.
 */
export const renewLeases = sql`
  WITH kept AS (SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS k (name, segment, epoch)),
  unlocked AS (
    SELECT s.name, s.segment FROM ${annals}.subscriptions AS s JOIN kept AS k USING (name, segment, epoch) WHERE s.owner = $4
    ORDER BY s.name, s.segment FOR UPDATE OF s SKIP LOCKED),
  renewed AS (
    UPDATE ${annals}.subscriptions AS s SET lease_expires_at = clock_timestamp() + make_interval(secs => $5), lease_seconds = $5
    FROM unlocked AS u WHERE s.name = u.name AND s.segment = u.segment)
  SELECT k.name, k.segment FROM kept AS k
  WHERE NOT EXISTS (
    SELECT FROM ${annals}.subscriptions AS s WHERE s.name = k.name AND s.segment = k.segment AND s.epoch = k.epoch AND s.owner = $4)`;

/** Rows of one lease: $1 name, $2 segment, $3 epoch, $4 owner. One that is locked is passed over. */
const mine = sql`
  SELECT name, segment FROM ${annals}.subscriptions WHERE name = $1 AND segment = $2 AND epoch = $3 AND owner = $4
  FOR UPDATE SKIP LOCKED`;

export const releaseLease = sql`
  UPDATE ${annals}.subscriptions AS s SET owner = NULL, lease_expires_at = NULL FROM (${mine}) AS m
  WHERE s.name = m.name AND s.segment = m.segment RETURNING s.epoch`;

/** Why the subscription stands still ($5), or NULL when it goes on. */
export const noteFailure = sql`
  UPDATE ${annals}.subscriptions AS s SET failure = $5, failed_at = CASE WHEN $5::text IS NULL THEN NULL ELSE clock_timestamp() END
  FROM (${mine}) AS m WHERE s.name = m.name AND s.segment = m.segment RETURNING s.epoch`;

/** Moves a checkpoint from $6 to $7 and prolongs its lease by $5 seconds, in the transaction that has handled the events. */
const move = sql`
  UPDATE ${annals}.subscriptions SET position = $7, seen = mod(seen + $8, 18446744073709551616),
    lease_expires_at = clock_timestamp() + make_interval(secs => $5), lease_seconds = $5
  WHERE name = $1 AND segment = $2 AND epoch = $3 AND owner = $4 AND position = $6`;

/**
 * Last in its transaction, so it says how that commits. Unless $9, nobody waits for the disk or for a standby: a crash of the
 * server then loses rows and checkpoint together, and never an event, because the log is written in order and the event has
 * been flushed before.
 */
const committing = `
  RETURNING position, set_config('synchronous_commit', CASE WHEN $9::boolean THEN current_setting('synchronous_commit') ELSE 'off' END, true)`;

/** Only past an event that the log of this database holds under the id $10. */
export const moveCheckpoint = sql`${move}
    AND EXISTS (SELECT FROM ${annals}.events WHERE events.position = $7 AND event_id = $10)
  ${committing}`;

/** For a store that keeps its events elsewhere. */
export const moveCheckpointOfOtherStore = sql`${move} ${committing}`;

/** Whether the log holds this event: position $1, id $2. */
export const findEvent = sql`SELECT position FROM ${annals}.events WHERE position = $1 AND event_id = $2`;

/** Locks the row of a lease, and prolongs the lease, in a transaction that leaves the checkpoint where it is. */
export const holdLease = sql`
  UPDATE ${annals}.subscriptions SET lease_expires_at = clock_timestamp() + make_interval(secs => $5), lease_seconds = $5
  WHERE name = $1 AND segment = $2 AND epoch = $3 AND owner = $4 RETURNING position`;
