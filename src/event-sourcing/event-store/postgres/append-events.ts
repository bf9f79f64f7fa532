import { AppendVerdict } from '../append-verdict';
import { ClaimedValue, ExpectedVersion } from '../event-store';
import { PreparedAppend, PreparedEvent } from '../prepare-append';
import { Receipt } from '../receipt';
import { booleanArray, integerArray, jsonArray, textArray, uuidArray } from './binary-arrays';
import { Statement } from './bounded-pool';

const verdictColumns = 'append_no, verdict, stream_version, log_position, claim_no';

const appendEvents =
  `SELECT ${verdictColumns} FROM append_events(` +
  '$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)';

const appendPlainEvents = `SELECT ${verdictColumns} FROM append_plain_events($1, $2, $3, $4, $5, $6, $7, $8)`;

export interface AppendEventsRow {
  readonly append_no: number;
  readonly verdict: AppendVerdict['verdict'];
  readonly stream_version: number;
  /** bigint, or its decimal digits where the connection does not parse it. */
  readonly log_position: bigint | string | null;
  readonly claim_no: number | null;
}

/**
 * The whole batch in one call: one round trip, one transaction, one fsync. Plain events have a shorter way. Both functions
 * are in the migrations, and take one array per column.
 */
export function appendStatement(batch: readonly PreparedAppend[]): Statement {
  return batch.every(isPlainEvent)
    ? { name: 'append-plain-events', text: appendPlainEvents, values: plainColumns(batch) }
    : { name: 'append-events', text: appendEvents, values: allColumns(batch) };
}

function isPlainEvent({ expectedVersion, events, claims, releases, receipt }: PreparedAppend): boolean {
  const isExact = typeof expectedVersion === 'number' || expectedVersion === 'no-stream';
  return isExact && events.length === 1 && claims.length === 0 && releases.length === 0 && !receipt;
}

function plainColumns(batch: readonly PreparedAppend[]): Buffer[] {
  return [...streamColumns(batch), ...eventColumns(batch.flatMap(({ events }) => events))];
}

function allColumns(batch: readonly PreparedAppend[]): Buffer[] {
  return [
    ...streamColumns(batch),
    integerArray(batch.map(({ events }) => events.length)),
    integerArray(batch.flatMap(({ events }, index) => events.map(() => index + 1))),
    integerArray(batch.flatMap(({ events }) => events.map((_, number) => number + 1))),
    ...eventColumns(batch.flatMap(({ events }) => events)),
    ...claimColumns(batch),
    ...receiptColumns(batch),
  ];
}

function streamColumns(batch: readonly PreparedAppend[]): Buffer[] {
  return [
    textArray(batch.map(({ stream }) => stream.type)),
    textArray(batch.map(({ stream }) => stream.id)),
    integerArray(batch.map(({ expectedVersion }) => expectedNumber(expectedVersion))),
  ];
}

function eventColumns(events: readonly PreparedEvent[]): Buffer[] {
  return [
    uuidArray(events.map(({ id }) => id)),
    textArray(events.map(({ type }) => type)),
    integerArray(events.map(({ schemaVersion }) => schemaVersion)),
    jsonArray(events.map(({ data }) => data)),
    jsonArray(events.map(({ metadata }) => metadata)),
  ];
}

function claimColumns(batch: readonly PreparedAppend[]): Buffer[] {
  const claims = batch.flatMap(({ claims, releases }, index) => [
    ...claims.map((claim) => ({ ...claim, append: index + 1, release: false })),
    ...releases.map((claim) => ({ ...claim, append: index + 1, release: true })),
  ]);
  return [
    integerArray(claims.map((claim) => claim.append)),
    textArray(claims.map((claim) => claim.scope)),
    textArray(claims.map((claim) => claim.value)),
    booleanArray(claims.map((claim) => claim.release)),
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
