import { randomUUID } from 'node:crypto';
import { startService, type ServiceProcess } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { type Answer, Client } from './client';
import { eventually, query } from './command-line';
import { type DatabaseProxy, proxyTo } from './database-proxy';
import { lockLog } from './locked-log';
import { isReplayed, repeated, withKey } from './repeated';
import { type Acknowledgement, createUser, historyOf, newEmail } from './users';

let database: TestDatabase;
let services: readonly ServiceProcess[];
let clients: readonly [Client, Client];
beforeAll(async () => {
  database = await createTestDatabase();
  services = [await start(), await start()];
  const [one, other] = services.map(({ url }) => new Client(url));
  clients = [one as Client, other as Client];
});
afterAll(async () => {
  const codes = await Promise.all(services.map((service) => service.end()));
  await database.drop();
  expect(codes).toEqual([0, 0]);
});

function start(url = database.url): Promise<ServiceProcess> {
  return startService({ DATABASE_URL: url });
}

function essence({ status, headers, body, problem }: Answer<unknown>) {
  const names = ['ETag', 'Location', 'Event-Position'];
  return { status, body, problem, headers: names.map((name) => headers.get(name)) };
}

async function usersWith(emails: readonly string[]): Promise<number> {
  const [stored] = await query<{ count: number }>(
    database.url,
    `SELECT count(*)::int FROM annals.events WHERE event_type = 'UserCreated'
     AND data->>'email' = ANY ('{${emails.join()}}')`,
  );
  return stored?.count ?? 0;
}

describe('the same request at two processes at once', () => {
  it('has one effect, and both give the first answer', async () => {
    const pairs = Array.from({ length: 100 }, () => ({ key: randomUUID(), email: newEmail() }));
    const answers = await Promise.all(
      pairs.map(({ key, email }) =>
        Promise.all(
          clients.map((client) =>
            repeated(() => client.post('/v1/users', { name: 'Ada', email }, withKey(key))),
          ),
        ),
      ),
    );
    for (const [one, other] of answers) {
      expect(one?.status).toBe(201);
      expect(essence(other as Answer<unknown>)).toEqual(essence(one as Answer<unknown>));
    }
    expect(await usersWith(pairs.map(({ email }) => email))).toBe(100);
  }, 120_000);

  it('has one effect when both have decided before either could store', async () => {
    const users = await Promise.all(Array.from({ length: 5 }, () => createUser(clients[0])));
    const log = await lockLog(database.url);
    const sent = users.map(({ userId }) =>
      Promise.all(
        clients.map((client) =>
          repeated(() => client.put(`/v1/users/${userId}/name`, { name: 'Grace' }, withKey(userId))),
        ),
      ),
    );
    await log.isAwaited(2).finally(log.unlock);
    for (const [one, other] of await Promise.all(sent)) {
      expect(one?.status).toBe(200);
      expect(essence(other as Answer<unknown>)).toEqual(essence(one as Answer<unknown>));
    }
    for (const { userId } of users) expect(await historyOf(clients[0], userId)).toHaveLength(2);
  });

  it('gives both the answer of the first, although the second would be refused by what the first did', async () => {
    const users = await Promise.all(Array.from({ length: 20 }, () => createUser(clients[0])));
    const sent = users.map(({ userId }) =>
      Promise.all(
        clients.map((client) =>
          repeated(() =>
            client.put(
              `/v1/users/${userId}/name`,
              { name: 'Grace' },
              { 'If-Match': '"1"', ...withKey(userId) },
            ),
          ),
        ),
      ),
    );
    for (const [one, other] of await Promise.all(sent)) {
      expect([one?.status, one?.headers.get('ETag')]).toEqual([200, '"2"']);
      expect(essence(other as Answer<unknown>)).toEqual(essence(one as Answer<unknown>));
    }
  });
});

describe('kill -9 between commit and answer', () => {
  let proxy: DatabaseProxy;
  beforeEach(async () => {
    proxy = await proxyTo(database.url);
  });
  afterEach(() => proxy.cut());

  it.each(['create', 'rename'] as const)('of a %s: the retry gives the first answer', async (what) => {
    const doomed = await start(proxy.url);
    const key = withKey(randomUUID());
    const { userId } = await createUser(clients[0]);
    const email = newEmail();
    const send = (client: Client) =>
      what === 'create'
        ? client.post<Acknowledgement>('/v1/users', { name: 'Ada', email }, key)
        : client.put<Acknowledgement>(`/v1/users/${userId}/name`, { name: 'Grace' }, key);
    const log = await lockLog(database.url);
    const lost = send(new Client(doomed.url)).then(
      () => 'answered',
      () => 'lost',
    );
    await log.isAwaited();
    proxy.hold();
    await log.unlock();
    const stored = async () =>
      what === 'create' ? usersWith([email]) : (await historyOf(clients[0], userId)).length - 1;
    await eventually('the append is committed', async () => (await stored()) === 1);
    expect(await doomed.end('SIGKILL')).toBe(null);
    expect(await lost).toBe('lost');

    const [one, other] = [await send(clients[0]), await send(clients[1])];
    expect([one.status, one.body.version]).toEqual(what === 'create' ? [201, 1] : [200, 2]);
    expect([isReplayed(one), isReplayed(other)]).toEqual([true, true]);
    expect(essence(other)).toEqual(essence(one));
    expect(await stored()).toBe(1);
    const [last] = (await historyOf(clients[0], one.body.userId)).slice(-1);
    expect(last).toMatchObject({ version: one.body.version, position: one.body.position });
  });

  it('before the commit does not block the key', async () => {
    const doomed = await start(proxy.url);
    const key = withKey(randomUUID());
    const body = { name: 'Ada', email: newEmail() };
    const log = await lockLog(database.url);
    const lost = new Client(doomed.url).post('/v1/users', body, key).catch(() => 'lost');
    await log.isAwaited();
    expect(await doomed.end('SIGKILL')).toBe(null);
    await proxy.cut();
    expect(await lost).toBe('lost');
    await query(
      database.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
       AND wait_event_type = 'Lock' AND query LIKE '%append_event%'`,
    );
    await log.unlock();
    const retry = await clients[0].post('/v1/users', body, key);
    expect([retry.status, isReplayed(retry)]).toEqual([201, false]);
    await proxy.mend();
  });
});

it('receipts that have run out are deleted by a service that starts, and no others', async () => {
  await query(
    database.url,
    `INSERT INTO annals.receipts (caller, key, fingerprint, note, expires_at)
     SELECT 'cleaned', n::text, 'x', 'x', now() + CASE WHEN n <= 2500 THEN -1 ELSE 1 END * interval '1 hour'
     FROM generate_series(1, 2510) AS n`,
  );
  const service = await start();
  const left = async () => {
    const [row] = await query<{ count: number }>(
      database.url,
      "SELECT count(*)::int FROM annals.receipts WHERE caller = 'cleaned'",
    );
    return row?.count;
  };
  await eventually('the expired ones are gone', async () => (await left()) === 10);
  expect(await service.end()).toBe(0);
  expect(await left()).toBe(10);
});
