import pg from 'pg';
import { DataSource, QueryFailedError } from 'typeorm';
import { BoundedPool, type BoundedPoolConfig } from '../../../src/event-sourcing';
import { type DatabaseProxy, proxyTo } from '../../e2e/database-proxy';
import { runSql } from '../../support/own-server';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { waitUntil } from '../../support/wait-until';

const size = 3;
const note = { name: 'note', text: 'INSERT INTO notes DEFAULT VALUES', values: [] };
const count = { name: 'count', text: 'SELECT count(*)::integer AS notes FROM notes', values: [] };

let database: TestDatabase;
let proxy: DatabaseProxy;
let dataSource: DataSource;

/** The pool that TypeORM holds. */
const pool = () => (dataSource.driver as unknown as { master: BoundedPool }).master;

async function open(config: BoundedPoolConfig = {}): Promise<void> {
  dataSource = await new DataSource({
    type: 'postgres',
    driver: { ...pg, Pool: BoundedPool },
    url: proxy.url,
    poolSize: size,
    applicationName: 'under test',
    // None ends because it was idle.
    extra: { query_timeout: 500, connectionTimeoutMillis: 3_000, idleTimeoutMillis: 0, ...config },
  }).initialize();
}

/** Every connection of the pool is open afterwards, and idle; these are their backends. */
async function fill(): Promise<readonly number[]> {
  const clients = await Promise.all(Array.from({ length: size }, () => pool().connect()));
  const answers = await Promise.all(
    clients.map((client) => client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')),
  );
  for (const client of clients) client.release();
  return answers.map(({ rows }) => rows[0]?.pid ?? 0);
}

const openBackends = async (): Promise<readonly number[]> =>
  (
    await runSql<{ pid: number }>(
      database.url,
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'under test'`,
    )
  ).map(({ pid }) => pid);

async function areGone(backends: readonly number[]): Promise<void> {
  await waitUntil(async () => (await openBackends()).every((pid) => !backends.includes(pid)));
}

/** What somebody does with the data source: by its manager, in a transaction, by a runner. */
const ways = {
  'a query': () => dataSource.query(note.text),
  'a transaction': () => dataSource.transaction((manager) => manager.query(note.text)),
  'a transaction whose error is caught': () =>
    dataSource.transaction((manager) => manager.query(note.text).catch(() => undefined)),
  'a query of the pool': () => pool().query(note.text),
  'a statement of the store': () => pool().run(note),
} as const;

beforeEach(async () => {
  database = await createTestDatabase();
  proxy = await proxyTo(database.url);
  await runSql(database.url, 'CREATE TABLE notes (id serial)');
});

afterEach(async () => {
  await dataSource.destroy();
  await proxy.cut();
  await database.drop();
});

describe.each(Object.entries(ways))('connections that cannot write any more, found by %s', (_what, use) => {
  it('are thrown away, all of them, and the next use succeeds', async () => {
    await open();
    const backends = await fill();
    const makeReadOnly = 'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY';
    const clients = await Promise.all(backends.map(() => pool().connect()));
    for (const client of clients) await client.query(makeReadOnly);
    for (const client of clients) client.release();
    await Promise.resolve(use()).catch((error: { code: string }) => expect(error.code).toBe('25006'));
    await use();
    expect(await pool().run(count)).toEqual([{ notes: 1 }]);
    await areGone(backends);
  });
});

describe.each(Object.entries(ways))(
  'connections whose server is gone without a word, found by %s',
  (_what, use) => {
    it('are thrown away, all of them, and the next use succeeds', async () => {
      await open();
      await fill();
      proxy.forsake();
      await Promise.resolve(use()).catch((error: Error) =>
        expect(error.message).toMatch(/timeout|terminated|released/),
      );
      await use();
      expect(await pool().run(count)).toEqual([{ notes: 1 }]);
      expect(pool().totalCount).toBe(1);
    });
  },
);

it('a connection whose answer was given up fails the next statement at once, and not after another time limit', async () => {
  await open();
  const client = await pool().connect();
  proxy.forsake();
  await expect(client.query('SELECT 1')).rejects.toThrow('Query read timeout');
  await expect(client.query('ROLLBACK')).rejects.toThrow(/terminated|not queryable/);
  client.release();
});

describe('a connection that TypeORM gives back', () => {
  it('in the middle of a transaction is thrown away, and with it the transaction', async () => {
    await open();
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    const [backend] = (await runner.query('SELECT pg_backend_pid() AS pid')) as [{ pid: number }];
    await runner.query(note.text);
    await runner.release();
    await areGone([backend.pid]);
    expect(await pool().run(count)).toEqual([{ notes: 0 }]);
  });

  it('after an error of a statement is kept', async () => {
    await open();
    const before: unknown = await dataSource.query('SELECT pg_backend_pid() AS pid');
    await expect(dataSource.query('SELECT 1 / 0')).rejects.toThrow(QueryFailedError);
    await expect(dataSource.transaction((manager) => manager.query('SELECT 1 / 0'))).rejects.toThrow();
    expect(await dataSource.query('SELECT pg_backend_pid() AS pid')).toEqual(before);
  });

  it('after it lost a prepared statement is thrown away, and its neighbours are kept', async () => {
    await open();
    const backends = await fill();
    await dataSource.query('EXECUTE no_such_statement').catch(() => undefined);
    await waitUntil(async () => (await openBackends()).length === size - 1);
    expect((await openBackends()).filter((pid) => backends.includes(pid))).toHaveLength(size - 1);
  });
});

describe('a pool that must write, on a server that is read-only', () => {
  const setReadOnly = (isReadOnly: boolean) =>
    runSql(
      database.url,
      'SET default_transaction_read_only = off',
      `ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET default_transaction_read_only = ${isReadOnly}`,
    );

  it('reads meanwhile, and needs no error to find out that another server writes now', async () => {
    await setReadOnly(true);
    await open({ targetSession: 'read-write' });
    const backends = await fill();
    expect(await pool().run(count)).toEqual([{ notes: 0 }]);
    await setReadOnly(false);
    await waitUntil(async () => {
      await pool().run(count);
      return (await openBackends()).every((pid) => !backends.includes(pid));
    });
    await pool().run(note);
  });

  it('keeps its connections where it was told that any server will do', async () => {
    await setReadOnly(true);
    await open();
    const backends = await fill();
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await fill()).toEqual(expect.arrayContaining([...backends]));
  });
});
