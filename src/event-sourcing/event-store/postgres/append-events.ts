import { AppendVerdict } from '../append-verdict';
import { ClaimedValue, ExpectedVersion } from '../event-store';
import { PreparedAppend } from '../prepare-append';
import { Receipt } from '../receipt';

/** The whole batch in one call: one round trip, one transaction, one fsync. The function is in the migrations. */
export const appendEvents =
  'SELECT append_no, verdict, stream_version, log_position, claim_no' +
  ' FROM append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)';

export interface AppendEventsRow {
  readonly append_no: number;
  readonly verdict: AppendVerdict['verdict'];
  readonly stream_version: number;
  /** bigint, or its decimal digits where the connection does not parse it. */
  readonly log_position: bigint | string | null;
  readonly claim_no: number | null;
}

/** One array per column, as the function takes them. */
export function appendEventsValues(batch: readonly PreparedAppend[]): unknown[] {
  const values: [string[], string[], number[], number[], ...unknown[][]] = [
    batch.map(({ stream }) => stream.type),
    batch.map(({ stream }) => stream.id),
    batch.map(({ expectedVersion }) => expectedNumber(expectedVersion)),
    batch.map(({ events }) => events.length),
  ];
  return values.concat(eventColumns(batch), claimColumns(batch), receiptColumns(batch));
}

function eventColumns(batch: readonly PreparedAppend[]): unknown[][] {
  const columns: unknown[][] = [[], [], [], [], [], [], []];
  const [appends, numbers, ids, types, versions, data, metadata] = columns as [
    number[],
    number[],
    string[],
    string[],
    number[],
    string[],
    string[],
  ];
  batch.forEach(({ events }, index) => {
    events.forEach((event, number) => {
      appends.push(index + 1);
      numbers.push(number + 1);
      ids.push(event.id);
      types.push(event.type);
      versions.push(event.schemaVersion);
      data.push(event.data);
      metadata.push(event.metadata);
    });
  });
  return columns;
}

function claimColumns(batch: readonly PreparedAppend[]): unknown[][] {
  const claims = batch.flatMap(({ claims, releases }, index) => [
    ...claims.map((claim) => ({ ...claim, append: index + 1, release: false })),
    ...releases.map((claim) => ({ ...claim, append: index + 1, release: true })),
  ]);
  return [
    claims.map((claim) => claim.append),
    claims.map((claim) => claim.scope),
    claims.map((claim) => claim.value),
    claims.map((claim) => claim.release),
  ];
}

function receiptColumns(batch: readonly PreparedAppend[]): unknown[][] {
  const appends: number[] = [];
  const receipts: Receipt[] = [];
  batch.forEach(({ receipt }, index) => {
    if (!receipt) return;
    appends.push(index + 1);
    receipts.push(receipt);
  });
  return [
    appends,
    receipts.map((receipt) => receipt.caller),
    receipts.map((receipt) => receipt.key),
    receipts.map((receipt) => receipt.fingerprint),
    receipts.map((receipt) => receipt.keepSeconds),
  ];
}

/** The verdicts in the order of the batch. */
export function appendVerdicts(
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

function expectedNumber(expected: ExpectedVersion): number {
  switch (expected) {
    case 'no-stream':
      return 0;
    case 'stream-exists':
      return -1;
    case 'any':
      return -2;
    default:
      return expected;
  }
}
