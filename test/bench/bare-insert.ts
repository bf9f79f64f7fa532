import { Pool } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { Contestant } from './measure';
import { metadata, payload } from './payload';

const createTable = `
  CREATE TABLE bare_events (LIKE events INCLUDING ALL);
  ALTER TABLE bare_events ALTER position ADD GENERATED ALWAYS AS IDENTITY`;

const insert = `
  INSERT INTO bare_events (event_id, event_type, schema_version, aggregate_type, aggregate_id, aggregate_version,
    timestamp, data, metadata)
  VALUES ($1, $2, $3, $4, $5, 1, clock_timestamp(), $6, $7)`;

/** The unit of every ratio: one INSERT of the same row into a table with the same indexes, prepared, through `pg`. */
export async function bareInsert(pool: Pool): Promise<Contestant> {
  await pool.query(createTable);
  return {
    name: 'bare INSERT',
    once: async () => {
      const values = [
        uuidv7(),
        'Benched',
        1,
        'Bench',
        uuidv7(),
        JSON.stringify(payload),
        JSON.stringify(metadata()),
      ];
      await pool.query({ name: 'bare-insert', text: insert, values });
      return 1;
    },
  };
}
