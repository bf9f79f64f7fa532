import { AppendVerdict } from '../append-verdict';
import { PreparedAppend } from '../prepare-append';
import { claimColumns, eventColumns, expectedNumber, lastEventIds, streamColumns } from './append-columns';
import { appendEvents } from './append-events';
import { KernelStatement, RunKernelStatement } from '../../schema/kernel-statement';
import { annals, sql } from '../../schema/sql';

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

const tryAppendEvent = sql`
  SELECT ${annals}.try_append_event(
    stream_type => $1, stream_id => $2, expected => $3,
    id => $4, type => $5, schema_version => $6, data => $7, metadata => $8, last_event_id => $9) AS position`;

const forBatch = `
    stream_types => $1, stream_ids => $2, expected => $3,
    event_ids => $4, event_types => $5, schema_versions => $6, event_data => $7, event_metadata => $8, last_event_ids => $9`;

const tryAppendBatch = sql`SELECT ${annals}.try_append_batch(${forBatch}) AS position`;

const tryAppendWithClaims = sql`
  SELECT ${annals}.try_append_batch(${forBatch},
    claim_append => $10, claim_scopes => $11, claim_values => $12, claim_releases => $13) AS position`;

/**
 * The verdicts in the order of the batch. Simple appends are tried a short way first; a batch of which one is not simple, or not
 * good, goes the long one.
 */
export async function appendBatch(
  batch: readonly PreparedAppend[],
  run: RunKernelStatement,
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

function tryStatement(batch: readonly SimpleAppend[]): KernelStatement {
  const [alone] = batch;
  const hasClaims = batch.some(({ claims, releases }) => claims.length > 0 || releases.length > 0);
  if (alone && batch.length === 1 && !hasClaims)
    return { name: 'try-append-event', text: tryAppendEvent, values: valuesOf(alone) };
  const columns = [...streamColumns(batch), ...eventColumns(batch.map(({ events: [event] }) => event))];
  return hasClaims
    ? {
        name: 'try-append-with-claims',
        text: tryAppendWithClaims,
        values: [...columns, lastEventIds(batch), ...claimColumns(batch)],
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
