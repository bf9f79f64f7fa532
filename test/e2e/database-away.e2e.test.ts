import { startService, type ServiceProcess } from '../support/service-process';
import { waitUntil } from '../support/wait-until';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { Client, expectRefused } from './client';
import { eventually, query } from './command-line';
import { type DatabaseProxy, proxyTo } from './database-proxy';
import { repeated, withKey } from './repeated';
import { type Acknowledgement, createUser, getUser, historyOf, newEmail } from './users';

let database: TestDatabase;
let proxy: DatabaseProxy;
let service: ServiceProcess | undefined;
let client: Client;
beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await proxyTo(database.url);
  service = await startService({
    ...{ DATABASE_URL: proxy.url, STATEMENT_TIMEOUT_MS: '5000', REQUEST_TIMEOUT_MS: '8000' },
  });
  client = new Client(service.url);
});
afterAll(async () => {
  const code = await service?.end();
  await proxy.cut();
  await database.drop();
  expect(code).toBe(0);
});

/** Closes the database to everybody and ends all sessions on it, or opens it again. */
async function allowConnections(isAllowed: boolean): Promise<void> {
  const server = process.env.TEST_POSTGRES_URL ?? '';
  const name = new URL(database.url).pathname.slice(1);
  await query(server, `ALTER DATABASE ${name} ALLOW_CONNECTIONS ${isAllowed}`);
  if (isAllowed) return;
  await query(server, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
}

/** Sessions that begin from now on may read only, or may write again; sessions of before are ended first, and then left alone. */
async function setReadOnly(isReadOnly: boolean): Promise<void> {
  const server = process.env.TEST_POSTGRES_URL ?? '';
  const name = new URL(database.url).pathname.slice(1);
  await query(server, `ALTER DATABASE ${name} SET default_transaction_read_only = ${isReadOnly}`);
  if (!isReadOnly) return;
  await query(server, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
}

interface Readiness {
  readonly status: string;
  readonly checks: Readonly<Record<string, string>>;
}

const ready = () => client.get<Readiness>('/health/ready');

describe('the health of a service', () => {
  it('is live and ready while the database answers', async () => {
    const live = await client.get('/health/live');
    expect([live.status, live.body]).toEqual([200, { status: 'ok' }]);
    const { status, body } = await ready();
    expect([status, body]).toEqual([
      200,
      { status: 'ok', checks: { process: 'ok', database: 'ok', migrations: 'ok', subscriptions: 'ok' } },
    ]);
  });

  it('says which migration is missing', async () => {
    const [last] = await query<{ name: string }>(
      database.url,
      'DELETE FROM migrations WHERE id = (SELECT max(id) FROM migrations) RETURNING name, "timestamp", id',
    );
    const { status, body } = await ready();
    await query(database.url, `INSERT INTO migrations (timestamp, name) VALUES (0, '${last?.name}')`);
    expect([status, body.status]).toEqual([503, 'unavailable']);
    expect(body.checks).toMatchObject({ database: 'ok', migrations: `pending: ${last?.name}` });
    expect((await ready()).status).toBe(200);
  });
});

/** Takes the database away, asks for everything meanwhile, brings it back, and waits until all is well again. */
async function passThroughOutage(
  takeAway: () => Promise<void>,
  bringBack: () => Promise<void>,
): Promise<void> {
  const before = await createUser(client, { name: 'Before' });
  await getUser(client, before);
  const email = `meanwhile-${before.userId}@example.com`;
  await takeAway();
  const meanwhile = await Promise.all([ready(), client.get('/health/live')]);
  const refused = await Promise.all([
    client.post('/v1/users', { name: 'Meanwhile', email }),
    client.put(`/v1/users/${before.userId}/name`, { name: 'Meanwhile' }),
    client.get(`/v1/users/${before.userId}`),
    client.get('/v1/users'),
    client.get(`/v1/users/${before.userId}/history`),
  ]).finally(bringBack);
  // Within ten seconds, by itself.
  await waitUntil(async () => (await client.get('/v1/users')).status === 200);
  await waitUntil(async () => (await ready()).status === 200);
  const after = await createUser(client, { name: 'After', email });
  expect(await historyOf(client, before.userId)).toHaveLength(1);
  await eventually('the read model follows again', async () => {
    const got = await client.get(`/v1/users/${after.userId}`, { 'Min-Event-Position': after.position });
    return got.status === 200;
  });

  expect(meanwhile.map(({ status }) => status)).toEqual([503, 200]);
  expect(meanwhile[0].body).toMatchObject({
    status: 'unavailable',
    checks: { database: expect.not.stringMatching(/^ok$/) as string },
  });
  for (const answer of refused) {
    expectRefused(answer, 503, 'unavailable');
    expect(answer.headers.get('Retry-After')).toMatch(/^[1-9]\d*$/);
  }
}

describe('while the database is away, the process is live but not ready, and requests are told to come again', () => {
  it('when its server cannot be reached any more', async () => {
    await passThroughOutage(proxy.cut, proxy.mend);
  });

  it('a second time, as the first', async () => {
    await passThroughOutage(proxy.cut, proxy.mend);
  });

  it('and it is ready again afterwards, though no event comes', async () => {
    const [before] = await query<{ epoch: string }>(database.url, 'SELECT epoch FROM annals.subscriptions');
    await proxy.cut();
    await eventually('the projector has failed', async () =>
      /subscriptions":"failing/.test(JSON.stringify((await ready()).body)),
    );
    await proxy.mend();
    await eventually('the projector follows again', async () => {
      const [now] = await query<{ epoch: string }>(database.url, 'SELECT epoch FROM annals.subscriptions');
      return now?.epoch !== before?.epoch;
    });
    await eventually('the service is ready', async () => (await ready()).status === 200, 150);
  });

  it('when its answers do not arrive: what was stored all the same, an Idempotency-Key tells', async () => {
    const email = newEmail();
    const create = () =>
      client.post<Acknowledgement>('/v1/users', { name: 'Meanwhile', email }, withKey(email));
    proxy.hold();
    const refused = await Promise.all([create(), client.get('/v1/users')]);
    const live = await client.get('/health/live');
    const { status } = await ready().finally(proxy.release);
    expect([live.status, status]).toEqual([200, 503]);
    for (const answer of refused) {
      expectRefused(answer, 503, 'unavailable');
      expect(answer.headers.get('Retry-After')).toMatch(/^[1-9]\d*$/);
    }
    await waitUntil(async () => (await client.get('/v1/users')).status === 200);
    await waitUntil(async () => (await ready()).status === 200);
    const told = await repeated(create);
    expect([told.status, told.body.version]).toEqual([201, 1]);
    expect(await historyOf(client, told.body.userId)).toHaveLength(1);
  });

  it('when its machine is gone without a word: what is open then is given up, and new connections serve', async () => {
    const before = await createUser(client, { name: 'Before' });
    await getUser(client, before);
    proxy.forsake();
    const refused = await Promise.all([
      client.post('/v1/users', { name: 'Meanwhile', email: newEmail() }),
      client.get(`/v1/users/${before.userId}`),
      ready(),
    ]);
    for (const { status } of refused) expect([200, 201, 503]).toContain(status);
    await waitUntil(async () => (await client.get('/v1/users')).status === 200);
    await waitUntil(async () => (await ready()).status === 200);
    const after = await createUser(client, { name: 'After' });
    await eventually('the read model follows again', async () => {
      const got = await client.get(`/v1/users/${after.userId}`, { 'Min-Event-Position': after.position });
      return got.status === 200;
    });
  });

  it('when it is read-only: queries are answered, commands are told to come again, and readiness says so', async () => {
    const user = await createUser(client, { name: 'Before' });
    await getUser(client, user);
    await setReadOnly(true);
    await eventually('the service is not ready', async () => (await ready()).status === 503);
    const rename = () => client.put(`/v1/users/${user.userId}/name`, { name: `Name ${Math.random()}` });
    const refused = await Promise.all([
      ready(),
      client.get(`/v1/users/${user.userId}`),
      ...[1, 2, 3, 4, 5].map(rename),
    ]);
    await setReadOnly(false);
    await waitUntil(async () => (await rename()).status === 200);
    await waitUntil(async () => (await ready()).status === 200);
    const after = await createUser(client, { name: 'After' });
    await eventually('the read model follows again', async () => {
      const got = await client.get(`/v1/users/${after.userId}`, { 'Min-Event-Position': after.position });
      return got.status === 200;
    });
    const [readiness, query, ...commands] = refused;
    expect(readiness.body).toMatchObject({ checks: { database: 'read-only' } });
    expect(query.status).toBe(200);
    for (const answer of commands) {
      expectRefused(answer, 503, 'unavailable');
      expect(answer.headers.get('Retry-After')).toMatch(/^[1-9]\d*$/);
    }
  });

  it('when its server lets nobody in', async () => {
    await passThroughOutage(
      () => allowConnections(false),
      () => allowConnections(true),
    );
  });
});
