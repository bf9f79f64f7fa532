import { eventColumns } from './recorded-event-row';
import { annals, sql } from '../../schema/sql';

/** One page of a stream: $1 type, $2 id, $3 after this version, $4 rows. */
export const readStream = sql`
  SELECT ${eventColumns} FROM ${annals}.events
  WHERE aggregate_type = $1 AND aggregate_id = $2 AND aggregate_version > $3
  ORDER BY aggregate_version LIMIT $4`;

/** One page of each of several streams, one after the other: an array for each parameter above. */
export const readStreams = sql`
  SELECT ${eventColumns}, no::integer
  FROM unnest($1::text[], $2::text[], $3::integer[], $4::integer[]) WITH ORDINALITY AS page(type, id, after, rows, no)
    CROSS JOIN LATERAL (
      SELECT ${eventColumns} FROM ${annals}.events
      WHERE aggregate_type = page.type AND aggregate_id = page.id AND aggregate_version > page.after
      ORDER BY aggregate_version LIMIT page.rows
    ) AS event
  ORDER BY no, aggregate_version`;
