import { annals, sql } from '../../schema/sql';

/**
 * $1 rows at most. Several processes may clean at once: each passes over what another is deleting. The time is that of the
 * statement, which the index can be searched for; clock_timestamp() would be asked again for every receipt that there is.
 */
export const deleteExpiredReceipts = sql`
  WITH expired AS (
    SELECT caller, key FROM ${annals}.receipts WHERE expires_at <= statement_timestamp()
    ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED),
  deleted AS (
    DELETE FROM ${annals}.receipts r USING expired x WHERE r.caller = x.caller AND r.key = x.key RETURNING true)
  SELECT count(*)::integer AS count FROM deleted`;
