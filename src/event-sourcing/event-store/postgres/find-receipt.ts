import { StoredReceipt } from '../stored-receipt';
import { annals, sql } from '../../schema/sql';

/** $1 caller, $2 key. The position is that of the event which the append left as the stream's last one. */
export const findReceipt = sql`
  SELECT r.fingerprint, r.note, r.aggregate_type, r.aggregate_id, r.aggregate_version, e.position
  FROM ${annals}.receipts r LEFT JOIN ${annals}.events e ON e.aggregate_type = r.aggregate_type
    AND e.aggregate_id = r.aggregate_id AND e.aggregate_version = r.aggregate_version
  WHERE r.caller = $1 AND r.key = $2 AND r.expires_at > clock_timestamp()`;

export interface ReceiptRow {
  readonly fingerprint: string;
  readonly note: string | null;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly aggregate_version: number;
  /** Null where the append left an empty stream. */
  readonly position: bigint | null;
}

export function storedReceipt(row: ReceiptRow): StoredReceipt {
  const { fingerprint, note } = row;
  if (note !== null) return { fingerprint, note };
  return {
    fingerprint,
    stream: { type: row.aggregate_type, id: row.aggregate_id },
    version: row.aggregate_version,
    position: row.position ?? 0n,
  };
}
