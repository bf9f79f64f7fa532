import { AppendSignal, InMemoryEventStore, PostgresEventStore } from '../../../src/event-sourcing';
import { eventStoreContract } from '../../../src/event-sourcing/testing';
import { createTestDatabase, TestDatabase } from '../../support/test-database';

describe('the Postgres store keeps the contract', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;

  beforeAll(async () => {
    database = await createTestDatabase();
    store = new PostgresEventStore({ connection: { connectionString: database.url } }, new AppendSignal());
  });

  afterAll(async () => {
    await store.close();
    await database.drop();
  });

  it.each(eventStoreContract)('$name', ({ run }) => run(store));
});

describe('the in-memory store keeps the contract', () => {
  const store = new InMemoryEventStore();

  it.each(eventStoreContract)('$name', ({ run }) => run(store));
});
