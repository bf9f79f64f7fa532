import { Client } from 'pg';
import { AppendSignal, PostgresEventStore, PostgresEventStoreOptions } from '../../../src/event-sourcing';
import { createTestDatabase, TestDatabase } from '../../support/test-database';

/** A store on a database of its own, with a connection beside it to look and to meddle. */
export interface StoreUnderTest {
  readonly store: PostgresEventStore;
  readonly database: TestDatabase;
  readonly sql: Client;
  close(): Promise<void>;
}

export async function startStore(options: Partial<PostgresEventStoreOptions> = {}): Promise<StoreUnderTest> {
  const database = await createTestDatabase();
  const connection = { connectionString: database.url, ...options.connection };
  const store = new PostgresEventStore({ ...options, connection }, new AppendSignal());
  const sql = new Client({ connectionString: database.url });
  await sql.connect();
  return {
    store,
    database,
    sql,
    close: async () => {
      await store.close();
      await sql.end();
      await database.drop();
    },
  };
}
