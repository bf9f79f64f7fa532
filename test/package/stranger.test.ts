import { runSql } from '../support/own-server';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { waitUntil } from '../support/wait-until';
import { type HostApplications, hostApplications } from './host';
import { type HostProcess, startHost } from './host-process';
import { nodeOf } from './node-versions';
import { commandsOf } from './page';
import { run } from './tarball';

jest.setTimeout(240_000);

interface Balance {
  readonly id: string;
  readonly owner: string;
  readonly cents: number;
}

/** Of the stranger, and named like tables of the log. */
const ownTables = `
  CREATE TABLE events (id integer PRIMARY KEY, title text);
  CREATE TABLE subscriptions (id integer PRIMARY KEY, plan text);
  INSERT INTO events VALUES (1, 'Concert');
  INSERT INTO subscriptions VALUES (1, 'monthly')`;

const selectOwnRows = `SELECT e.title, s.plan FROM public.events e JOIN public.subscriptions s USING (id)`;
const selectTables = `
  SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'typeorm_metadata' ORDER BY tablename`;

const requests = commandsOf('src/event-sourcing/README.md').find((text) => text.includes('curl ')) ?? '';

describe.each([
  { kind: 'commonjs', major: 20 },
  { kind: 'module', major: 20 },
  { kind: 'commonjs', major: 24 },
  { kind: 'module', major: 24 },
] as const)('the application of the README, as $kind on Node $major', ({ kind, major }) => {
  let applications: HostApplications;
  let database: TestDatabase;
  let node: string | undefined;
  let bank: HostProcess;

  const start = async (): Promise<HostProcess> =>
    startHost({ node: node ?? '', folder: applications[kind], databaseUrl: database.url });
  const balances = (): Promise<Balance[]> => runSql<Balance>(database.url, 'SELECT * FROM balances');
  const letters = (): Promise<object[]> => runSql(database.url, 'SELECT text FROM letters');
  const move = (id: string, cents: number): Promise<Response> =>
    fetch(`${bank.url}/accounts/${id}/movements`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ cents }),
    });

  beforeAll(async () => {
    [applications, node, database] = await Promise.all([
      hostApplications(),
      nodeOf(major),
      createTestDatabase({ empty: true }),
    ]);
    await runSql(database.url, ownTables);
  });

  afterAll(() => database.drop());

  it('projects, reacts, restarts and goes on', async () => {
    if (node === undefined) return;
    bank = await start();
    await run('bash', ['-c', requests.replaceAll('http://127.0.0.1:3000', bank.url)]);
    await waitUntil(async () => (await balances())[0]?.cents === 500);
    await waitUntil(async () => (await letters()).length === 1);
    expect(await bank.end()).toBe('SIGTERM');

    bank = await start();
    const [{ id = '' } = {}] = await balances();
    expect((await move(id, -300)).status).toBe(201);
    expect((await move(id, -300)).ok).toBe(false);
    await waitUntil(async () => (await balances())[0]?.cents === 200);
    expect(await (await fetch(`${bank.url}/accounts/${id}`)).json()).toEqual({
      id,
      owner: 'Ada',
      cents: 200,
    });
    expect(await letters()).toEqual([{ text: 'Welcome to the bank, Ada!' }]);
    expect(await runSql(database.url, selectOwnRows)).toEqual([{ title: 'Concert', plan: 'monthly' }]);
    const tables = await runSql<{ tablename: string }>(database.url, selectTables);
    expect(tables.map(({ tablename }) => tablename)).toEqual([
      'balances',
      'events',
      'letters',
      'subscriptions',
    ]);
    expect(await bank.end()).toBe('SIGTERM');
  });
});
