/** $1 rows at most. Several processes may clean at once: each passes over what another is deleting. */
export const deleteExpiredReceipts =
  'WITH expired AS (SELECT caller, key FROM receipts WHERE expires_at <= clock_timestamp()' +
  ' ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED),' +
  ' deleted AS (DELETE FROM receipts r USING expired x WHERE r.caller = x.caller AND r.key = x.key RETURNING true)' +
  ' SELECT count(*)::integer AS count FROM deleted';
