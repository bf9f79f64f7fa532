import { recordedEventColumns } from './recorded-event-row';

/** One page of the log: $1 after this position, $2 rows. */
export const readAll = `SELECT ${recordedEventColumns} FROM events WHERE position > $1 ORDER BY position LIMIT $2`;
