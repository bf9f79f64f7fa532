import { annals, sql } from '../../schema/sql';

/**
 * $1 caller, $2 key, $3 fingerprint, $4 note, $5 seconds. Gives a row when it was kept. Waits for an append under way that
 * has stored the same key, and then finds that one's receipt.
 */
export const keepReceipt = sql`
  INSERT INTO ${annals}.receipts AS k (caller, key, fingerprint, note, expires_at)
  VALUES ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5))
  ON CONFLICT (caller, key) DO UPDATE SET fingerprint = EXCLUDED.fingerprint, note = EXCLUDED.note,
    aggregate_type = NULL, aggregate_id = NULL, aggregate_version = NULL, expires_at = EXCLUDED.expires_at
  WHERE k.expires_at <= clock_timestamp() RETURNING true AS kept`;
