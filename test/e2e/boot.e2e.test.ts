import { once } from 'node:events';
import { refusedStart } from '../support/run-command';
import { runProgram, startService } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { Client, expectRefused } from './client';
import { eventually, query, runInShell, spawnProgram } from './command-line';
import { createUser, getUser, type UserBody, type UserPage } from './users';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('a start that cannot succeed', () => {
  it('lists every wrong variable, and exits with 1', async () => {
    const wrong = {
      NODE_ENV: 'staging',
      PORT: '70000',
      DATABASE_URL: 'mysql://localhost/annals',
      MIGRATE_ON_START: 'maybe',
      DATABASE_POOL_SIZE: '1',
      EVENT_STORE_POOL_SIZE: 'many',
      HTTP_ENABLED: '1',
      SUBSCRIPTIONS_ENABLED: 'no',
      LOG_LEVEL: 'loud',
      LOG_FORMAT: 'xml',
    };
    const { code, stdout, stderr } = await runProgram('main.js', [], wrong);
    expect([code, stdout]).toEqual([1, '']);
    const listed = [...stderr.matchAll(/^ {2}- (\w+) must /gm)].map(([, name]) => name);
    expect(listed.sort()).toEqual(Object.keys(wrong).sort());
    expect(stderr).toMatch(/\.env\.example/);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  it('in production without DATABASE_URL is refused', async () => {
    const { code, stdout, stderr } = await refusedStart({ NODE_ENV: 'production', DATABASE_URL: '' });
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(/DATABASE_URL is missing/)]);
  });

  const unreachable = 'postgres://nobody:secret@127.0.0.1:1/nothing';

  it('because the database cannot be reached or does not exist exits with 1 and says what to try', async () => {
    const missing = new URL(database.url);
    missing.pathname = '/no_such_database';
    const expected = [
      { url: unreachable, message: /ECONNREFUSED.*Check that the server of DATABASE_URL runs/ },
      { url: missing.href, message: /no_such_database.*Check that .* the database exists/ },
    ];
    for (const { url, message } of expected) {
      const { code, stdout, stderr } = await refusedStart({ DATABASE_URL: url });
      expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
      expect(stdout + stderr).not.toContain(`:${new URL(url).password}@`);
      expect(stderr).not.toMatch(/^ +at /m);
    }
  });

  it('because another process has its port exits with 1 and names the port', async () => {
    const service = await startService({ DATABASE_URL: database.url, SUBSCRIPTIONS_ENABLED: 'false' });
    const { port } = new URL(service.url);
    const second = await runProgram('main.js', [], { DATABASE_URL: database.url, PORT: port });
    expect([second.code, second.stderr]).toEqual([1, expect.stringMatching(`EADDRINUSE.*${port}`)]);
    expect(await service.end()).toBe(0);
  });
});

describe('two processes on one database', () => {
  it('print requests that work when they are pasted, both serve, and SIGTERM and SIGINT end them with exit code 0', async () => {
    const environment = { DATABASE_URL: database.url };
    const [first, second] = await Promise.all([startService(environment), startService(environment)]);
    await pasteRequestsOf(first.output());
    const clients = [new Client(first.url), new Client(second.url)] as const;
    for (const [writer, reader] of [clients, [...clients].reverse() as unknown as typeof clients]) {
      for (let turn = 0; turn < 10; turn++) {
        const created = await createUser(writer);
        expect((await getUser(reader, created)).userId).toBe(created.userId);
        expect((await getUser(writer, created)).userId).toBe(created.userId);
      }
    }
    // The one that projects goes, whichever it is: the other takes over what it did.
    expect(await first.end('SIGTERM')).toBe(0);
    await getUser(clients[1], await createUser(clients[1]));
    expect(await second.end('SIGINT')).toBe(0);
  });
});

async function pasteRequestsOf(welcome: string): Promise<void> {
  const lines = welcome.split('\n').filter((line) => line.trim().startsWith('curl '));
  expect(lines).toHaveLength(3);
  const [create = '', history = '', search = ''] = lines;
  const created = await pasted(create);
  expect(created).toMatch(/^HTTP\/1\.1 201 /);
  const [, userId = 'no id'] = /"userId":"([^"]+)"/.exec(created) ?? [];
  const past = await pasted(history);
  expect(past).toMatch(/^HTTP\/1\.1 200 [^]*"UserCreated"/);
  await eventually('the search finds the new user', async () => (await pasted(search)).includes(userId));
  expect(await pasted(search)).toMatch(/^HTTP\/1\.1 200 /);
}

async function pasted(line: string): Promise<string> {
  const { code, stdout } = await runInShell(line);
  expect(code).toBe(0);
  return stdout;
}

/** How many connections hear of the appends of other processes. */
async function listeners(): Promise<number> {
  const rows = await query(
    database.url,
    "SELECT FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN annals_appended'",
  );
  return rows.length;
}

describe('a process with one half switched off', () => {
  it('serves HTTP without projecting, or projects without serving HTTP', async () => {
    const serving = await startService({ DATABASE_URL: database.url, SUBSCRIPTIONS_ENABLED: 'false' });
    const client = new Client(serving.url);
    const created = await createUser(client);
    const path = `/v1/users/${created.userId}`;
    const headers = { 'Min-Event-Position': created.position };
    const behind = await client.get<UserBody>(path, { ...headers, Prefer: 'wait=1' });
    expectRefused(behind, 503, 'read-model-behind');
    expectRefused(await client.get(path), 404, 'user-not-found');
    expect(await listeners()).toBe(0);
    expect((await client.get<UserPage>(`/v1/users?email=${created.email}`)).body.items).toEqual([]);

    const { port } = new URL(serving.url);
    // Its port is taken: it could not start if it wanted to listen.
    const projecting = spawnProgram('main.js', [], {
      DATABASE_URL: database.url,
      HTTP_ENABLED: 'false',
      PORT: port,
    });
    let output = '';
    projecting.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await eventually(
      'the other process projects',
      async () => (await client.get(path, headers)).status === 200,
    );
    expect(output).not.toMatch(/listens/);
    expect(await listeners()).toBe(1);
    projecting.kill('SIGTERM');
    expect(await once(projecting, 'exit')).toEqual([0, null]);
    const owners = await query(database.url, 'SELECT owner FROM annals.subscriptions');
    expect(owners).toEqual([{ owner: null }, { owner: null }]);

    const later = await createUser(client);
    const again = { 'Min-Event-Position': later.position, Prefer: 'wait=1' };
    expectRefused(await client.get(path, again), 503, 'read-model-behind');
    expect(await serving.end()).toBe(0);
  });
});
