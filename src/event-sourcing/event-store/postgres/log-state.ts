import { DatabaseAnswerError } from '../errors';
import { LogState } from '../event-store';
import { KernelSchema } from '../../schema/kernel-schema';
import { annals, sql } from '../../schema/sql';

interface StateRow {
  readonly isReadOnly: boolean;
  /** Null where the row is missing. */
  readonly head: string | null;
  readonly last: string;
}

/** One statement, so that an append between the two cannot make them differ. */
const askState = sql`
  SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS "isReadOnly",
    (SELECT head::text FROM ${annals}.event_log WHERE only_row) AS head,
    (SELECT COALESCE(max(position), 0)::text FROM ${annals}.events) AS last`;

/**
 * Compares the head of the log with its last event. They differ when one table was restored without the other: a dump of data alone
 * leaves the head as it is.
 */
export async function readLogState(
  query: (text: string) => Promise<StateRow[]>,
  schema = new KernelSchema(),
): Promise<LogState> {
  const [row] = await query(askState(schema));
  if (!row) throw new DatabaseAnswerError('the state of the log');
  const { isReadOnly, head, last } = row;
  if (head === last) return { isReadOnly, problem: undefined };
  const says = head === null ? 'has no row' : `says ${head}`;
  return { isReadOnly, problem: `the head of the log (event_log) ${says}, but the last event is at ${last}` };
}
