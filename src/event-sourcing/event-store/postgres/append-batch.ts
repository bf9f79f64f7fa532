import { AppendVerdict } from '../append-verdict';
import { PreparedAppend } from '../prepare-append';
import {
  appendEvents,
  claimColumns,
  eventColumns,
  expectedNumber,
  lastEventIds,
  streamColumns,
} from './append-events';
import { RunStatement, Statement } from '../../postgres/bounded-pool';

/** An append of one event at an exact version, without a receipt: most are. */
interface SimpleAppend extends PreparedAppend {
  readonly expectedVersion: number | 'no-stream';
  readonly events: readonly [PreparedAppend['events'][number]];
}

interface TryAppendRow {
  /**
   * Of the first event; null where nothing was stored. bigint, or its decimal digits where the connection does not parse it.
   */
  readonly position: bigint | string | null;
}

const forEvents = '$1, $2, $3, $4, $5, $6, $7, $8';
const tryAppendEvent = `SELECT try_append_event(${forEvents}, $9) AS position`;
const tryAppendBatch = `SELECT try_append_batch(${forEvents}, last_event_ids => $9) AS position`;
const tryAppendWithClaims = `SELECT try_append_batch(${forEvents}, $9, $10, $11, $12, $13) AS position`;

/**
 * The verdicts in the order of the batch. Simple appends are tried a short way first; a batch of which one is not simple, or not
 * good, goes the long one.
 */
export async function appendBatch(
  batch: readonly PreparedAppend[],
  run: RunStatement,
): Promise<readonly AppendVerdict[]> {
  if (!batch.every(isSimple)) return appendEvents(batch, run);
  const [row] = await run<TryAppendRow>(tryStatement(batch));
  if (!row?.position) return appendEvents(batch, run);
  const first = BigInt(row.position);
  return batch.map((append, index) => ({
    verdict: 'appended',
    version: expectedNumber(append.expectedVersion) + 1,
    position: first + BigInt(index),
  }));
}

function isSimple(append: PreparedAppend): append is SimpleAppend {
  const { expectedVersion, events, receipt } = append;
  const isExact = typeof expectedVersion === 'number' || expectedVersion === 'no-stream';
  return isExact && events.length === 1 && !receipt;
}

function tryStatement(batch: readonly SimpleAppend[]): Statement {
  const [alone] = batch;
  const hasClaims = batch.some(({ claims, releases }) => claims.length > 0 || releases.length > 0);
  if (alone && batch.length === 1 && !hasClaims)
    return { name: 'try-append-event', text: tryAppendEvent, values: valuesOf(alone) };
  const columns = [...streamColumns(batch), ...eventColumns(batch.map(({ events: [event] }) => event))];
  return hasClaims
    ? {
        name: 'try-append-with-claims',
        text: tryAppendWithClaims,
        values: [...columns, ...claimColumns(batch), lastEventIds(batch)],
      }
    : { name: 'try-append-batch', text: tryAppendBatch, values: [...columns, lastEventIds(batch)] };
}

function valuesOf({
  stream,
  expectedVersion,
  lastEventId,
  events: [event],
}: SimpleAppend): (string | number | null)[] {
  const { id, type, schemaVersion, data, metadata } = event;
  const expected = expectedNumber(expectedVersion);
  return [stream.type, stream.id, expected, id, type, schemaVersion, data, metadata, lastEventId ?? null];
}
