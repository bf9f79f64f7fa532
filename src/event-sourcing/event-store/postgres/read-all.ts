import { RecordedEvent } from '../event-envelope';
import { eventColumns, EventRow, recordedEvent } from './recorded-event-row';
import { annals, sql } from '../../schema/sql';

/** One page of the log: $1 after this position, $2 rows. */
export const readAll = sql`
  SELECT ${eventColumns}, aggregate_type, aggregate_id FROM ${annals}.events
  WHERE position > $1 ORDER BY position LIMIT $2`;

export type LogRow = readonly [...event: EventRow, aggregateType: string, aggregateId: string];

export function eventOfLog(row: LogRow): RecordedEvent {
  return recordedEvent(row, { type: row[8], id: row[9] });
}
