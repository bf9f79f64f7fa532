import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { ClaimTakenError, InvalidAppendError, WrongExpectedVersionError } from '../../../src/event-sourcing';
import { startStore, StoreUnderTest } from './postgres-store';

const happened = { type: 'Happened', data: {} };
const stream = () => ({ type: 'Test', id: uuidv7() });

describe('the log on Postgres', () => {
  let test: StoreUnderTest;
  let dataSource: DataSource;

  beforeAll(async () => {
    test = await startStore();
    dataSource = await new DataSource({ type: 'postgres', url: test.database.url }).initialize();
    await test.sql.query('CREATE TABLE notes (text text PRIMARY KEY)');
    await test.store.appendToStream(stream(), [happened, happened], { expectedVersion: 0 });
  });

  afterAll(async () => {
    await dataSource.destroy();
    await test.close();
  });

  describe('is immutable', () => {
    it.each([
      ['UPDATE', "UPDATE annals.events SET event_type = 'Other'"],
      ['an UPDATE of no row', "UPDATE annals.events SET event_type = 'Other' WHERE position < 0"],
      ['DELETE', 'DELETE FROM annals.events'],
      ['TRUNCATE', 'TRUNCATE annals.events'],
    ])('%s is refused', async (_what, statement) => {
      const before = await test.sql.query('SELECT * FROM annals.events');
      await expect(test.sql.query(statement)).rejects.toThrow('The log is immutable');
      expect((await test.sql.query('SELECT * FROM annals.events')).rows).toEqual(before.rows);
    });
  });

  describe('an append inside a transaction of the caller', () => {
    it('is stored with the other writes of the transaction', async () => {
      const target = stream();
      const result = await dataSource.transaction(async (transaction) => {
        await transaction.query("INSERT INTO notes VALUES ('kept')");
        return test.store.appendToStream(target, [happened], { expectedVersion: 0, transaction });
      });
      expect(result).toEqual({ version: 1, position: await test.store.head() });
      expect((await test.sql.query("SELECT FROM notes WHERE text = 'kept'")).rowCount).toBe(1);
    });

    it('is gone with them when the transaction fails, and leaves no hole', async () => {
      const before = await test.store.head();
      const failing = dataSource.transaction(async (transaction) => {
        await transaction.query("INSERT INTO notes VALUES ('lost')");
        await test.store.appendToStream(stream(), [happened], { expectedVersion: 0, transaction });
        throw new Error('changed my mind');
      });
      await expect(failing).rejects.toThrow('changed my mind');
      expect(await test.store.head()).toBe(before);
      const { position } = await test.store.appendToStream(stream(), [happened], { expectedVersion: 0 });
      expect(position).toBe(before + 1n);
    });

    it('is refused like any other', async () => {
      const target = stream();
      const claims = [{ scope: 'test', value: target.id }];
      await test.store.appendToStream(target, [happened], { expectedVersion: 0, claims });
      const inTransaction = (append: Parameters<typeof test.store.appendToStream>) =>
        dataSource.transaction((transaction) =>
          test.store.appendToStream(append[0], append[1], { ...append[2], transaction }),
        );
      await expect(inTransaction([target, [happened], { expectedVersion: 0 }])).rejects.toThrow(
        WrongExpectedVersionError,
      );
      await expect(inTransaction([stream(), [happened], { expectedVersion: 0, claims }])).rejects.toThrow(
        ClaimTakenError,
      );
    });

    it('is refused outside a transaction', async () => {
      const append = test.store.appendToStream(stream(), [happened], {
        expectedVersion: 0,
        transaction: dataSource.manager,
      });
      await expect(append).rejects.toThrow(InvalidAppendError);
    });

    it('keeps the order of the log: a later append waits for the commit', async () => {
      let later: Promise<{ position: bigint }> | undefined;
      const inside = await dataSource.transaction(async (transaction) => {
        const result = await test.store.appendToStream(stream(), [happened], {
          expectedVersion: 0,
          transaction,
        });
        later = test.store.appendToStream(stream(), [happened], { expectedVersion: 0 });
        expect(await test.store.readAll({ after: result.position - 1n })).toEqual([]);
        return result;
      });
      expect((await later)?.position).toBe(inside.position + 1n);
    });
  });

  it('takes the time stamps from the clock of the server', async () => {
    const { position } = await test.store.appendToStream(stream(), [happened], { expectedVersion: 0 });
    const { rows } = await test.sql.query<{ ok: boolean }>(
      "SELECT timestamp BETWEEN clock_timestamp() - interval '1 minute' AND clock_timestamp() AS ok FROM annals.events WHERE position = $1",
      [position],
    );
    expect(rows).toEqual([{ ok: true }]);
  });

  it('keeps positions exact beyond 2^53', async () => {
    const { store, sql, close } = await startStore();
    await sql.query(`
      INSERT INTO annals.events (position, event_id, event_type, schema_version, aggregate_type, aggregate_id, aggregate_version,
        timestamp, data, metadata)
      VALUES (9007199254740992, gen_random_uuid(), 'Happened', 1, 'Far', 'a', 1, now(), '{}', '{}')`);
    const { position } = await store.appendToStream(stream(), [happened], { expectedVersion: 0 });
    expect(position).toBe(9_007_199_254_740_993n);
    const [event] = await store.readAll({ after: position - 1n });
    expect(event?.position).toBe(position);
    await close();
  });
});
