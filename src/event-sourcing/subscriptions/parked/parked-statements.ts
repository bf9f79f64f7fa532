import { annals, sql } from '../../schema/sql';

export const selectStreams = sql`
  SELECT DISTINCT aggregate_type, aggregate_id FROM ${annals}.parked_events WHERE subscription = $1 AND segment = $2`;

/** Those that wait have not failed. */
export const countFailed = sql`SELECT count(*)::integer AS count FROM ${annals}.parked_events WHERE subscription = $1 AND state <> 'waiting'`;

/**
 * Due are also those whose time is further off than any pause ($4, in milliseconds): another clock has stamped them, of a server
 * that was replaced. The time of the statement: the index can be searched for it, and not for clock_timestamp().
 */
export const selectDue = sql`
  (SELECT position, aggregate_type, aggregate_id, attempts FROM ${annals}.parked_events
   WHERE subscription = $1 AND segment = $2 AND state = 'retrying' AND next_attempt_at <= statement_timestamp()
   ORDER BY next_attempt_at LIMIT $3)
  UNION ALL
  (SELECT position, aggregate_type, aggregate_id, attempts FROM ${annals}.parked_events
   WHERE subscription = $1 AND segment = $2 AND state = 'retrying'
     AND next_attempt_at > statement_timestamp() + 2 * make_interval(secs => $4::double precision / 1000)
   ORDER BY next_attempt_at LIMIT $3)
  LIMIT $3`;

export const insertFailed = sql`
  INSERT INTO ${annals}.parked_events (subscription, segment, position, aggregate_type, aggregate_id, state, attempts, error, stack,
    category, first_failed_at, last_failed_at, next_attempt_at)
  SELECT $1, $2, $3, $4, $5, CASE WHEN $9::double precision IS NULL THEN 'parked' ELSE 'retrying' END, 1, $6, $7,
    $8, now(), now(), clock_timestamp() + make_interval(secs => $9::double precision / 1000)`;

/** Each event waits behind earlier parked events of its stream. If none is left (an operator has cleared them), the first becomes due. */
export const insertWaiting = sql`
  INSERT INTO ${annals}.parked_events (subscription, segment, position, aggregate_type, aggregate_id, state, next_attempt_at)
  SELECT $1, $2, position, type, id, CASE WHEN first THEN 'retrying' ELSE 'waiting' END, CASE WHEN first THEN now() END
  FROM (
    SELECT e.*, row_number() OVER (PARTITION BY type, id ORDER BY position) = 1 AND NOT EXISTS (
      SELECT FROM ${annals}.parked_events WHERE subscription = $1 AND aggregate_type = type AND aggregate_id = id) AS first
    FROM unnest($3::bigint[], $4::text[], $5::text[]) AS e (position, type, id)) AS s`;

export const updateFailed = sql`
  UPDATE ${annals}.parked_events
  SET state = CASE WHEN $6::double precision IS NULL THEN 'parked' ELSE 'retrying' END, attempts = attempts + 1,
    error = $3, stack = $4, category = $5, first_failed_at = COALESCE(first_failed_at, now()), last_failed_at = now(),
    next_attempt_at = clock_timestamp() + make_interval(secs => $6::double precision / 1000)
  WHERE subscription = $1 AND position = $2 AND state = 'retrying'
  RETURNING position`;

export const bringBack = sql`
  UPDATE ${annals}.parked_events SET state = 'retrying', attempts = 0, next_attempt_at = clock_timestamp()
  WHERE subscription = $1 AND segment = $2 AND state <> 'waiting' AND (state = 'retrying'
    OR (aggregate_type, aggregate_id) IN (SELECT type, id FROM unnest($3::text[], $4::text[]) AS s (type, id)))`;

export const selectNext = sql`
  SELECT position FROM ${annals}.parked_events WHERE subscription = $1 AND aggregate_type = $2 AND aggregate_id = $3
  ORDER BY position LIMIT $4`;

export const deleteHandled = sql`
  DELETE FROM ${annals}.parked_events WHERE subscription = $1 AND position = ANY ($2::bigint[]) AND state <> 'parked'
  RETURNING position`;

export const promoteNext = sql`
  UPDATE ${annals}.parked_events SET state = 'retrying', next_attempt_at = clock_timestamp()
  WHERE subscription = $1 AND state = 'waiting' AND position = (
    SELECT min(position) FROM ${annals}.parked_events WHERE subscription = $1 AND aggregate_type = $2 AND aggregate_id = $3)
  RETURNING position`;

export const selectParked = sql`
  SELECT position, aggregate_type, aggregate_id, state, attempts, error, stack, category, first_failed_at,
    last_failed_at, next_attempt_at
  FROM ${annals}.parked_events WHERE subscription = $1 AND position > $2 ORDER BY position LIMIT $3`;

export const retryNow = sql`
  UPDATE ${annals}.parked_events SET state = 'retrying', attempts = 0, next_attempt_at = clock_timestamp()
  WHERE subscription = $1 AND position = $2 AND state <> 'waiting' RETURNING position`;

export const retryAllNow = sql`
  UPDATE ${annals}.parked_events SET state = 'retrying', attempts = 0, next_attempt_at = clock_timestamp()
  WHERE subscription = $1 AND state <> 'waiting' RETURNING position`;

export const retryStreamNow = sql`
  UPDATE ${annals}.parked_events SET state = 'retrying', attempts = 0, next_attempt_at = clock_timestamp()
  WHERE subscription = $1 AND aggregate_type = $2 AND aggregate_id = $3 AND state <> 'waiting' RETURNING position`;

export const recordDiscarded = sql`
  INSERT INTO ${annals}.discarded_events (subscription, position, reason, actor, error, attempts)
  SELECT subscription, position, $3, $4, error, attempts FROM ${annals}.parked_events
  WHERE subscription = $1 AND position = $2 AND state <> 'waiting'`;

export const deleteDiscarded = sql`
  DELETE FROM ${annals}.parked_events WHERE subscription = $1 AND position = $2 AND state <> 'waiting'
  RETURNING aggregate_type, aggregate_id`;
