import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { Client as Connection } from 'pg';
import { startService, type ServiceProcess } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { type Answer, Client, expectInvalid, expectRefused } from './client';
import { eventually, query } from './command-line';
import { lockLog } from './locked-log';
import { isReplayed, repeated, withKey } from './repeated';
import { createUser, historyOf, newEmail } from './users';

let database: TestDatabase;
const services: ServiceProcess[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  const codes = await Promise.all(services.map((service) => service.end()));
  await database.drop();
  expect(codes).toEqual(codes.map(() => 0));
});

async function start(environment: Readonly<Record<string, string>>): Promise<Client> {
  const service = await startService({ DATABASE_URL: database.url, ...environment });
  services.push(service);
  return new Client(service.url);
}

function expectUnavailable(answer: Answer<unknown>): void {
  expectRefused(answer, 503, 'unavailable');
  expect(answer.headers.get('Retry-After')).toMatch(/^[1-9]\d*$/);
}

/** Makes every read of users wait inside the server, as a slow database would. */
async function lockUsers() {
  const connection = new Connection({ connectionString: database.url });
  connection.on('error', () => undefined);
  await connection.connect();
  await connection.query('BEGIN');
  await connection.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
  return async (): Promise<void> => {
    await connection.query('ROLLBACK');
    await connection.end();
  };
}

describe('a request beyond the limits that are configured', () => {
  let client: Client;
  beforeAll(async () => {
    client = await start({
      ...{ BODY_LIMIT_BYTES: '2000', HEADER_LIMIT_BYTES: '8192', JSON_DEPTH_LIMIT: '4' },
      ...{ PAGE_SIZE_LIMIT: '20', STATEMENT_TIMEOUT_MS: '600', REQUEST_TIMEOUT_MS: '3000' },
    });
  });

  /** What the server answers to the text, before it ends the connection. */
  async function exchange(request: string): Promise<readonly [string, Record<string, unknown>]> {
    const { hostname, port } = new URL(client.url);
    const socket = connect(Number(port), hostname);
    socket.write(request);
    const answer = await text(socket);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    return [head, JSON.parse(body) as Record<string, unknown>];
  }

  async function expectUnreadable(request: string, detail: RegExp): Promise<void> {
    const [head, problem] = await exchange(request);
    expect(head).toMatch(
      /^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/problem\+json; charset=utf-8/,
    );
    const [, correlationId] = /X-Correlation-Id: (\S+)/.exec(head) ?? [];
    expect(problem).toMatchObject({ status: 400, code: 'validation-failed', correlationId });
    expect(problem.errors).toEqual([{ pointer: '#', detail: expect.stringMatching(detail) as string }]);
  }

  it('has too large a body', async () => {
    const person = (bytes: number) => ({ name: 'x'.repeat(bytes), email: newEmail() });
    expectRefused(await client.post('/v1/users', person(2_000)), 413, 'payload-too-large');
    expectInvalid(await client.post('/v1/users', person(1_500)), '#/name');
  });

  it('has too large headers', async () => {
    const head = (bytes: number) =>
      `GET /health/live HTTP/1.1\r\nHost: x\r\nX-Filler: ${'x'.repeat(bytes)}\r\n\r\n`;
    await expectUnreadable(head(9_000), /too large/);
    await expectUnreadable(head(90_000), /too large/);
    expect((await client.get('/health/live', { 'X-Filler': 'x'.repeat(7_000) })).status).toBe(200);
  });

  it('is no HTTP', () => expectUnreadable('NONSENSE\r\n\r\n', /HTTP/));

  it('is nested too deeply', async () => {
    const nested = (levels: number) =>
      `{"name":${'['.repeat(levels)}${']'.repeat(levels)},"email":"a@example.com"}`;
    const headers = { 'Content-Type': 'application/json' };
    const post = (levels: number) => client.send('POST', '/v1/users', { headers, body: nested(levels) });
    expectInvalid(await post(4), '#');
    expectInvalid(await post(3), '#/name');
  });

  it.each(['/v1/users', `/v1/users/${randomUUID()}/history`, '/v1/admin/events'])(
    'asks %s for too large a page',
    async (path) => {
      expectInvalid(await client.get(`${path}?limit=21`), '#/limit');
      const allowed = await client.get(`${path}?limit=20`);
      expect([200, 404]).toContain(allowed.status);
    },
  );

  it('does not arrive in time', async () => {
    const head =
      `POST /v1/users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${client.credentials}\r\n` +
      'Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{';
    await expectUnreadable(head, /in time/);
    await expectUnreadable('GET /v1/users HTTP/1.1\r\nHost: x\r\n', /in time/);
    // A stranger has its answer before the body has come, and gets no second one.
    const [answer, problem] = await exchange(head.replace(/Authorization.*\r\n/, ''));
    expect([answer.split(' ')[1], problem.code]).toEqual(['401', 'unauthenticated']);
  });

  it('needs a statement that takes too long', async () => {
    const unlock = await lockUsers();
    try {
      expectUnavailable(await client.get('/v1/users'));
    } finally {
      await unlock();
    }
    expect((await client.get('/v1/users')).status).toBe(200);
  });
});

describe('a request that takes too long', () => {
  it('is told to come again, and its Idempotency-Key tells what became of it', async () => {
    const client = await start({ REQUEST_TIMEOUT_MS: '1000' });
    const { userId } = await createUser(client);
    const rename = () => client.put(`/v1/users/${userId}/name`, { name: 'Grace' }, withKey(userId));
    const log = await lockLog(database.url);
    const [first, meanwhile] = await Promise.all([rename(), log.isAwaited().then(rename)]).finally(
      log.unlock,
    );
    expectUnavailable(first);
    expectRefused(meanwhile, 409, 'idempotency-key-in-progress');
    const again = await repeated(rename);
    expect([again.status, again.headers.get('ETag'), isReplayed(again)]).toEqual([200, '"2"', true]);
    expect(await historyOf(client, userId)).toHaveLength(2);
  });
});

describe('a read that waits too long', () => {
  it('is told to come again, and what it would have been told later troubles nobody', async () => {
    const client = await start({ REQUEST_TIMEOUT_MS: '1000' });
    const ahead = { 'Min-Event-Position': '1000000', Prefer: 'wait=2' };
    expectUnavailable(await client.get('/v1/users', ahead));
    // Had it waited for its read model, that would have been the answer.
    await delay(1_500);
    const behind = await client.get('/v1/users', { ...ahead, Prefer: 'wait=0' });
    expectRefused(behind, 503, 'read-model-behind');
  });
});

describe('500 requests at once on a pool of 10, while the database is slow', () => {
  let client: Client;
  beforeAll(async () => {
    client = await start({
      ...{ DATABASE_POOL_SIZE: '10', POOL_WAIT_MS: '1000', POOL_WAITING_LIMIT: '400' },
      SUBSCRIPTIONS_ENABLED: 'false',
    });
    // All connections are open before anybody waits: on a busy machine to open one may take longer than POOL_WAIT_MS.
    await Promise.all(Array.from({ length: 50 }, () => client.get('/v1/users')));
  });

  /** Connections of this service's read models that wait for the lock. */
  async function stuck(): Promise<number> {
    const rows = await query(
      database.url,
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
       AND application_name = 'annals read models' AND query ~ '^\\s*SELECT.*user'`,
    );
    return rows.length;
  }

  it.each([1, 2])(
    'those that waited too long are told to come again, it stays live, and no connection is lost (round %i)',
    async () => {
      const user = await createUser(client);
      const unlock = await lockUsers();
      const lists: Answer<unknown>[] = [];
      // Those of one user travel in groups, and so many may wait on one connection.
      const lookups: Answer<unknown>[] = [];
      const sent = Array.from({ length: 500 }, async (_, index) => {
        const [path, answers] = index % 2 ? ['/v1/users', lists] : [`/v1/users/${user.userId}`, lookups];
        // Once more: a kept connection that the server ends this moment is nobody's fault.
        answers.push(await client.get(path).catch(() => client.get(path)));
      });
      try {
        await eventually('all lists but those with a connection are answered', () =>
          Promise.resolve(lists.length >= 240),
        );
        expect(await stuck()).toBe(10);
        expect((await client.get('/health/live')).status).toBe(200);
        for (const answer of [...lists, ...lookups]) expectUnavailable(answer);
      } finally {
        await unlock();
      }
      await Promise.all(sent);
      for (const { status } of lists) expect([200, 503]).toContain(status);
      for (const { status } of lookups) expect([200, 404, 503]).toContain(status);
      const after = await Promise.all(Array.from({ length: 50 }, () => client.get('/v1/users')));
      expect(after.map(({ status }) => status)).toEqual(after.map(() => 200));
    },
    120_000,
  );

  it('appends that wait for a slow log are all stored once it is fast again', async () => {
    const log = await lockLog(database.url);
    const emails = Array.from({ length: 500 }, newEmail);
    const sent = emails.map((email) =>
      repeated(() => client.post('/v1/users', { name: 'Ada', email }, withKey(email))),
    );
    await log.isAwaited().finally(log.unlock);
    const answers = await Promise.all(sent);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    const [stored] = await query<{ count: number }>(
      database.url,
      `SELECT count(*)::int FROM annals.events WHERE data->>'email' = ANY ('{${emails.join()}}')`,
    );
    expect(stored?.count).toBe(500);
  }, 120_000);
});
