import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../../../src/platform/database/migrate';
import { migrations } from '../../../src/platform/database/migrations';
import { runSql } from '../../support/own-server';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { waitUntil } from '../../support/wait-until';

jest.mock('../../../src/platform/database/migrations', () => ({ migrations: jest.fn() }));

/** Three migrations, each in a transaction of its own; the second one takes 1.5 s. */
const files: Readonly<Record<string, string>> = {
  '1000000000001-first.sql': 'CREATE TABLE first (id integer)',
  '1000000000002-slow.sql': 'CREATE TABLE slow (id integer); SELECT pg_sleep(1.5)',
  '1000000000003-last.sql': 'CREATE TABLE last (id integer)',
};
const names = ['first1000000000001', 'slow1000000000002', 'last1000000000003'];

let folder: string;
let database: TestDatabase;

const databaseName = () => new URL(database.url).pathname.slice(1);
const server = () => process.env.TEST_POSTGRES_URL ?? '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'migrations-'));
  for (const [file, sql] of Object.entries(files)) writeFileSync(join(folder, file), sql);
  const real = jest.requireActual<{ migrations: typeof migrations }>(
    '../../../src/platform/database/migrations',
  );
  jest.mocked(migrations).mockImplementation(() => real.migrations(folder));
});

afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
});

afterEach(() => database.drop());

/** Names of what was done of the service's own migrations; those of the event store have tests of their own. */
const migrateService = async () => (await migrate(database.url)).filter((name) => names.includes(name));

const tables = async () =>
  (
    await runSql<{ name: string }>(
      database.url,
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`,
    )
  ).map(({ name }) => name);

const backends = (activity: string) =>
  runSql<{ pid: number }>(
    database.url,
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'annals migrate' AND ${activity}`,
  );

describe('migrations that take longer than the database allows', () => {
  it.each([
    ['statement_timeout', '500ms'],
    ['idle_in_transaction_session_timeout', '500ms'],
    ['transaction_timeout', '500ms'],
    ['lock_timeout', '500ms'],
    ['idle_session_timeout', '500ms'],
  ])('get done although %s is %s, also by a process that waits for another', async (setting, value) => {
    await runSql(server(), `ALTER DATABASE ${databaseName()} SET ${setting} = '${value}'`);
    const [one, other] = await Promise.all([migrateService(), migrateService()]);
    expect([...one, ...other].sort()).toEqual([...names].sort());
    expect(await tables()).toEqual(['first', 'last', 'migrations', 'slow']);
  });
});

describe('a process that migrates', () => {
  it('uses a single connection', async () => {
    const done = migrateService();
    await waitUntil(async () => (await backends(`query LIKE '%pg_sleep%'`)).length === 1);
    expect(await backends('true')).toHaveLength(1);
    expect(await done).toEqual(names);
  });

  it('and loses its connection leaves what is not done to the next one', async () => {
    const failing = migrateService().catch((error: Error) => error.message);
    await waitUntil(async () => (await backends(`query LIKE '%pg_sleep%'`)).length === 1);
    await runSql(
      database.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'annals migrate' AND query LIKE '%pg_sleep%'`,
    );
    expect(await failing).toMatch(/terminat/);
    expect(await tables()).toEqual(['first', 'migrations']);
    expect(await migrateService()).toEqual(names.slice(1));
  });

  it('and loses its connection while it waits for another says so, and the other goes on', async () => {
    const first = migrateService();
    await waitUntil(async () => (await backends(`query LIKE '%pg_sleep%'`)).length === 1);
    const second = migrateService().catch((error: Error) => error.message);
    await waitUntil(async () => (await backends(`wait_event = 'advisory'`)).length === 1);
    await runSql(
      database.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`,
    );
    expect(await second).toMatch(/terminat/);
    expect(await first).toEqual(names);
  });
});
