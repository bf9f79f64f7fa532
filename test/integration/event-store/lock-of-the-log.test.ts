import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { InvalidAppendError } from '../../../src/event-sourcing';
import { newEvent, newStream } from '../../../src/event-sourcing/testing/contract-case';
import { startStore, type StoreUnderTest } from './postgres-store';

let under: StoreUnderTest;
let application: DataSource;

beforeAll(async () => {
  under = await startStore();
  application = await new DataSource({ type: 'postgres', url: under.database.url }).initialize();
});

afterAll(async () => {
  await application.destroy();
  await under.close();
});

describe('an append in a transaction of the caller', () => {
  it.each(['REPEATABLE READ', 'SERIALIZABLE'] as const)(
    'at %s is refused, because it could not see the end of the log',
    async (isolation) => {
      const before = await under.store.head();
      const appended = application.transaction(isolation, async (transaction) => {
        await transaction.query('SELECT count(*) FROM annals.events');
        await under.store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0 });
        await under.store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0, transaction });
      });
      await expect(appended).rejects.toThrow(InvalidAppendError);
      await expect(appended).rejects.toThrow(
        `An append needs a transaction at READ COMMITTED, and this one is at ${isolation}.`,
      );
      expect(await under.store.head()).toBe(before + 1n);
    },
  );

  it('at READ COMMITTED goes behind what was appended since the transaction began', async () => {
    const before = await under.store.head();
    const { position } = await application.transaction(async (transaction) => {
      await transaction.query('SELECT count(*) FROM annals.events');
      await under.store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0 });
      return under.store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0, transaction });
    });
    expect(position).toBe(before + 2n);
  });
});

describe('the lock of the log', () => {
  it('leaves nothing behind while somebody holds a snapshot', async () => {
    const bystander = new Client({ connectionString: under.database.url });
    await bystander.connect();
    await bystander.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM annals.events');
    const append = () => under.store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0 });
    await append();
    const before = await rowVersion();
    for (let n = 0; n < 20; n++) await Promise.all([append(), append(), append()]);
    expect(await rowVersion()).toEqual(before);
    await bystander.query('ROLLBACK');
    await bystander.end();
  });
});

/** Where the one row stands, and which transaction wrote it: both change with an update. */
async function rowVersion(): Promise<unknown> {
  const { rows } = await under.sql.query(
    "SELECT ctid, xmin, pg_relation_size('annals.event_log') AS bytes FROM annals.event_log",
  );
  return rows;
}
