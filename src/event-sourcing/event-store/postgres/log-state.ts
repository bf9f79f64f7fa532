import { DatabaseAnswerError } from '../errors';
import { LogState } from '../event-store';
import { KernelSchema } from '../../schema/kernel-schema';
import { annals, sql } from '../../schema/sql';

interface StateRow {
  readonly isReadOnly: boolean;
  readonly canBeLocked: boolean;
}

const askState = sql`
  SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS "isReadOnly",
    EXISTS (SELECT FROM ${annals}.event_log WHERE only_row) AS "canBeLocked"`;

/** Looks for the row that every append locks. It is missing where the tables were restored one without the other. */
export async function readLogState(
  query: (text: string) => Promise<StateRow[]>,
  schema = new KernelSchema(),
): Promise<LogState> {
  const [row] = await query(askState(schema));
  if (!row) throw new DatabaseAnswerError('the state of the log');
  const { isReadOnly, canBeLocked } = row;
  return { isReadOnly, problem: canBeLocked ? undefined : 'the table event_log, which it locks, has no row' };
}
