import { Logger } from '@nestjs/common';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AppendSignal, BoundedPool, PostgresEventStore } from '../../../src/event-sourcing';
import type { BoundedPoolConfig } from '../../../src/event-sourcing/postgres/bounded-pool';
import { sessionSettings } from '../../../src/event-sourcing/postgres/session-settings';
import { runSql } from '../../support/own-server';
import { startPooler } from '../../support/pooler-proxy';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';

/** What an operator may have set, and what would go wrong with it. */
const hostile: Readonly<Record<string, string>> = {
  DateStyle: 'SQL, DMY',
  IntervalStyle: 'sql_standard',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  array_nulls: 'off',
  standard_conforming_strings: 'off',
  gin_fuzzy_search_limit: '1',
  exit_on_error: 'on',
  default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on',
  lock_timeout: '1',
  idle_session_timeout: '50',
  transaction_timeout: '50',
  statement_timeout: '50',
  idle_in_transaction_session_timeout: '1',
};

const limits = { statement_timeout: 30_000, idle_in_transaction_session_timeout: 5_000 };
const wanted = { ...sessionSettings, statement_timeout: '30s', idle_in_transaction_session_timeout: '5s' };

const show = {
  name: 'show',
  text: 'SELECT name, current_setting(name, true) AS setting FROM unnest($1::text[]) AS s(name)',
  values: [Object.keys(wanted)],
};

let database: TestDatabase;

const nameOf = ({ url }: TestDatabase) => new URL(url).pathname.slice(1);

/** As a superuser on a session that takes nothing from the database. */
async function setForDatabase(settings: Readonly<Record<string, string>>): Promise<void> {
  const server = process.env.TEST_POSTGRES_URL ?? '';
  const statements = Object.entries(settings).map(
    ([name, value]) =>
      `ALTER DATABASE ${nameOf(database)} SET ${name} = ${name === 'DateStyle' ? value : `'${value}'`}`,
  );
  await runSql(server, ...statements);
}

/** A pool whose idle connections may be lost: the database is dropped while they close. */
function poolOf(config: BoundedPoolConfig): BoundedPool {
  const pool = new BoundedPool(config);
  pool.on('error', () => undefined);
  return pool;
}

beforeEach(async () => {
  database = await createTestDatabase();
});

afterEach(() => database.drop());

/** What differs from what is wanted, among the settings that this server knows. */
async function differences(pool: BoundedPool): Promise<readonly string[]> {
  const rows = await pool.run<{ name: keyof typeof wanted; setting: string | null }>(show);
  return rows
    .filter(({ name, setting }) => setting !== null && !setting.startsWith(wanted[name] ?? ''))
    .map(({ name, setting }) => `${name} = ${setting}`);
}

it('every setting that the code relies on is among those that are tried here', () => {
  expect(Object.keys(hostile).sort()).toEqual(Object.keys(wanted).sort());
});

describe.each(Object.entries(hostile))('a database with %s = %s', (name, value) => {
  it('has no say in the sessions of the pools', async () => {
    await setForDatabase({ [name]: value });
    const pool = poolOf({ connectionString: database.url, max: 1, ...limits });
    const dataSource = await new DataSource({
      type: 'postgres',
      driver: { ...pg, Pool: BoundedPool },
      url: database.url,
      extra: limits,
    }).initialize();
    expect(await differences(pool)).toEqual([]);
    expect(await differences((dataSource.driver as unknown as { master: BoundedPool }).master)).toEqual([]);
    await dataSource.destroy();
    await pool.end();
  });

  it('takes appends, and gives them back', async () => {
    await setForDatabase({ [name]: value });
    const store = new PostgresEventStore(
      { connection: { connectionString: database.url } },
      new AppendSignal(),
    );
    const stream = { type: 'Test', id: uuidv7() };
    const data = { text: String.raw`a \ 'b' NULL`, number: 0.1 + 0.2 };
    await store.appendToStream(stream, [{ type: 'Happened', data }], {
      expectedVersion: 'no-stream',
      claims: [{ scope: 'test', value: 'NULL' }],
    });
    const [event] = await store.readAll({ after: 0n, limit: 10 });
    expect(event?.data).toEqual(data);
    expect(Math.abs((event?.timestamp.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
    await store.close();
  });
});

it.each(['repeatable read', 'serializable'])(
  'a database with %s gives no append of two processes a serialization failure',
  async (isolation) => {
    await setForDatabase({ default_transaction_isolation: isolation });
    const warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    const stores = [1, 2].map(
      () => new PostgresEventStore({ connection: { connectionString: database.url } }, new AppendSignal()),
    );
    const append = (store: PostgresEventStore) =>
      store.appendToStream({ type: 'Test', id: uuidv7() }, [{ type: 'Happened', data: {} }], {
        expectedVersion: 0,
      });
    for (let round = 0; round < 20; round++) {
      await Promise.all(stores.flatMap((store) => Array.from({ length: 5 }, () => append(store))));
    }
    // A failure that is sent again, and succeeds, is warned of.
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
    await Promise.all(stores.map((store) => store.close()));
  },
);

describe('behind a pooler', () => {
  it('no limit is sent that it would refuse, and no setting is left in a session that others use', async () => {
    const pooler = await startPooler(database.url);
    await setForDatabase({ IntervalStyle: 'iso_8601' });
    const pool = poolOf({ connectionString: pooler.url, max: 1, ...limits });
    const rows = await pool.run<{ name: string; setting: string }>(show);
    expect(rows).toContainEqual({ name: 'IntervalStyle', setting: 'iso_8601' });
    expect(rows).toContainEqual({ name: 'statement_timeout', setting: '0' });
    await pool.end();
    await pooler.close();
  });
});

it('limits in the URL stay as they are', async () => {
  const url = `${database.url}?statement_timeout=1234`;
  const pool = poolOf({ connectionString: url, max: 1, ...limits });
  const rows = await pool.run<{ name: string; setting: string }>(show);
  expect(rows).toContainEqual({ name: 'statement_timeout', setting: '1234ms' });
  await pool.end();
});
