import { recordedEventColumns } from './recorded-event-row';

/** One page of a stream: $1 type, $2 id, $3 after this version, $4 rows. */
export const readStream =
  `SELECT ${recordedEventColumns} FROM events` +
  ' WHERE aggregate_type = $1 AND aggregate_id = $2 AND aggregate_version > $3' +
  ' ORDER BY aggregate_version LIMIT $4';
