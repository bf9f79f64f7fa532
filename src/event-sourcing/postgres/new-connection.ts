import { Client, ClientConfig } from 'pg';
import type { DataSource } from 'typeorm';

/** Milliseconds for the connection, and again for the answer. */
const patience = 3_000;

/** `query_timeout` of a single query is known to the driver, but not to its types. */
const question = {
  text: `SELECT NOT (pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean) AS "isWritable"`,
  query_timeout: patience,
};

/**
 * Whether the primary behind the data source answers a question on a connection that is opened for it, outside the pool, and would
 * accept a write. Tells an error of the database from one that only looks like it. Never throws.
 */
export async function canWriteOnNewConnection(dataSource: DataSource): Promise<boolean> {
  const { options } = (dataSource.driver as unknown as { master: { options: ClientConfig } }).master;
  const client = new Client({ ...options, connectionTimeoutMillis: patience });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ isWritable: boolean }>(question);
    return rows[0]?.isWritable === true;
  } catch {
    return false;
  } finally {
    void client.end().catch(() => undefined);
  }
}
