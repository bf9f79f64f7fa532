import { AppendVerdict } from '../append-verdict';
import { ClaimedValue } from '../event-store';
import { PreparedAppend } from '../prepare-append';
import { Receipt } from '../../messaging/receipt';
import { claimColumns, eventColumns, lastEventIds, streamColumns } from './append-columns';
import { integerArray, textArray } from './binary-arrays';
import { RunKernelStatement } from '../../schema/kernel-statement';
import { annals, sql } from '../../schema/sql';

const appendEventsOf = sql`
  SELECT append_no, verdict, stream_version, log_position, claim_no
  FROM ${annals}.append_events(
    stream_types => $1, stream_ids => $2, expected => $3, event_counts => $4,
    event_append => $5, event_number => $6,
    event_ids => $7, event_types => $8, schema_versions => $9, event_data => $10, event_metadata => $11,
    claim_append => $12, claim_scopes => $13, claim_values => $14, claim_releases => $15,
    receipt_append => $16, receipt_callers => $17, receipt_keys => $18, receipt_fingerprints => $19, receipt_seconds => $20,
    last_event_ids => $21)`;

interface AppendEventsRow {
  readonly append_no: number;
  readonly verdict: AppendVerdict['verdict'];
  readonly stream_version: number;
  /** bigint, or its decimal digits where the connection does not parse it. */
  readonly log_position: bigint | string | null;
  readonly claim_no: number | null;
}

/**
 * Any batch in one call: one round trip, one transaction, one fsync. The function takes one array per column:
 * schema/functions/append_events.sql.
 */
export async function appendEvents(
  batch: readonly PreparedAppend[],
  run: RunKernelStatement,
): Promise<readonly AppendVerdict[]> {
  const values = columnsOf(batch);
  return verdictsOf(
    batch,
    await run<AppendEventsRow>({ name: 'append-events', text: appendEventsOf, values }),
  );
}

function columnsOf(batch: readonly PreparedAppend[]): Buffer[] {
  return [
    ...streamColumns(batch),
    integerArray(batch.map(({ events }) => events.length)),
    integerArray(batch.flatMap(({ events }, index) => events.map(() => index + 1))),
    integerArray(batch.flatMap(({ events }) => events.map((_, number) => number + 1))),
    ...eventColumns(batch.flatMap(({ events }) => events)),
    ...claimColumns(batch),
    ...receiptColumns(batch),
    lastEventIds(batch),
  ];
}

function receiptColumns(batch: readonly PreparedAppend[]): Buffer[] {
  const appends: number[] = [];
  const receipts: Receipt[] = [];
  batch.forEach(({ receipt }, index) => {
    if (!receipt) return;
    appends.push(index + 1);
    receipts.push(receipt);
  });
  return [
    integerArray(appends),
    textArray(receipts.map((receipt) => receipt.caller)),
    textArray(receipts.map((receipt) => receipt.key)),
    textArray(receipts.map((receipt) => receipt.fingerprint)),
    integerArray(receipts.map((receipt) => receipt.keepSeconds)),
  ];
}

function verdictsOf(
  batch: readonly PreparedAppend[],
  rows: readonly AppendEventsRow[],
): readonly AppendVerdict[] {
  const claims: ClaimedValue[] = batch.flatMap((append) => [...append.claims, ...append.releases]);
  const verdicts: AppendVerdict[] = [];
  for (const row of rows) {
    verdicts[row.append_no - 1] = {
      verdict: row.verdict,
      version: row.stream_version,
      position: BigInt(row.log_position ?? 0),
      claim: row.claim_no === null ? undefined : claims[row.claim_no - 1],
    };
  }
  return verdicts;
}
