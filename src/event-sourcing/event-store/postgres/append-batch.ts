import { AppendVerdict } from '../append-verdict';
import { PreparedAppend } from '../prepare-append';
import { appendEvents, eventColumns, expectedNumber, streamColumns } from './append-events';
import { RunStatement, Statement } from './bounded-pool';

/** An append of one event at an exact version, without claims and without a receipt: most are. */
interface PlainAppend extends PreparedAppend {
  readonly expectedVersion: number | 'no-stream';
  readonly events: readonly [PreparedAppend['events'][number]];
}

interface TryAppendRow {
  /** Of the first event; null where nothing was stored. bigint, or its decimal digits where the connection does not parse it. */
  readonly position: bigint | string | null;
}

const columns = '$1, $2, $3, $4, $5, $6, $7, $8';
const tryAppendEvent = `SELECT try_append_event(${columns}) AS position`;
const tryAppendBatch = `SELECT try_append_batch(${columns}) AS position`;

/** The verdicts in the order of the batch. Plain appends go a short way; a batch of which one is not good, or not plain, the long one. */
export async function appendBatch(
  batch: readonly PreparedAppend[],
  run: RunStatement,
): Promise<readonly AppendVerdict[]> {
  if (!batch.every(isPlain)) return appendEvents(batch, run);
  const [row] = await run<TryAppendRow>(plainStatement(batch));
  if (!row?.position) return appendEvents(batch, run);
  const first = BigInt(row.position);
  return batch.map((append, index) => ({
    verdict: 'appended',
    version: expectedNumber(append.expectedVersion) + 1,
    position: first + BigInt(index),
  }));
}

function isPlain(append: PreparedAppend): append is PlainAppend {
  const { expectedVersion, events, claims, releases, receipt } = append;
  const isExact = typeof expectedVersion === 'number' || expectedVersion === 'no-stream';
  return isExact && events.length === 1 && claims.length === 0 && releases.length === 0 && !receipt;
}

function plainStatement(batch: readonly PlainAppend[]): Statement {
  const [alone] = batch;
  if (alone && batch.length === 1)
    return { name: 'try-append-event', text: tryAppendEvent, values: valuesOf(alone) };
  const events = batch.map((append) => append.events[0]);
  return {
    name: 'try-append-batch',
    text: tryAppendBatch,
    values: [...streamColumns(batch), ...eventColumns(events)],
  };
}

function valuesOf({ stream, expectedVersion, events: [event] }: PlainAppend): (string | number)[] {
  const { id, type, schemaVersion, data, metadata } = event;
  return [stream.type, stream.id, expectedNumber(expectedVersion), id, type, schemaVersion, data, metadata];
}
