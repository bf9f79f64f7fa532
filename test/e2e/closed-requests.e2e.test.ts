import { randomUUID } from 'node:crypto';
import { Sender } from '../fuzz/send';
import { committedDocument } from '../openapi/document';
import { type ServiceProcess, startService } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { Client, expectInvalid, type Problem } from './client';
import { query } from './command-line';
import { RawConnection } from './raw-connection';
import { createUser, newEmail } from './users';

let database: TestDatabase;
let service: ServiceProcess;
let sender: Sender;
let client: Client;
let userId: string;
beforeAll(async () => {
  database = await createTestDatabase();
  service = await startService({ DATABASE_URL: database.url, RATE_LIMIT: '1000000' });
  client = new Client(service.url);
  sender = new Sender(service.url, { Authorization: `Bearer ${service.key}` });
  ({ userId } = await createUser(client));
});
afterAll(async () => {
  sender.close();
  expect(await service.end()).toBe(0);
  await database.drop();
});

interface Operation {
  readonly method: string;
  readonly path: string;
}

/** Every operation of the document, and the routes that serve it. */
const operations: readonly Operation[] = [
  ...Object.entries(committedDocument().paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  ),
  ...['/docs', '/docs-json', '/docs/swagger-ui-init.js'].map((path) => ({ method: 'GET', path })),
];
const named = operations.map((operation) => [`${operation.method} ${operation.path}`, operation] as const);

/** With the names of things that are there, so that a request that is let in would do something. */
function targetOf({ path }: Operation): string {
  const known: Readonly<Record<string, string>> = {
    userId,
    name: 'users',
    position: '1',
    type: 'User',
    id: userId,
  };
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => known[name] ?? '');
}

const json = { 'Content-Type': 'application/json' };

async function send({ method, path }: Operation, search: string, body?: string) {
  const target = `${targetOf({ method, path })}${search}`;
  const bytes = body === undefined ? undefined : { bytes: Buffer.from(body), headers: json };
  const { status, body: text } = await sender.send({ method, target, headers: {}, body: bytes });
  return { status, pointers: ((JSON.parse(text) as Problem).errors ?? []).map(({ pointer }) => pointer) };
}

/** What requests could have changed. */
async function traces(): Promise<unknown> {
  const events = await query(database.url, 'SELECT count(*)::int FROM annals.events');
  const paused = await query(database.url, 'SELECT name FROM annals.subscriptions WHERE paused');
  return [events, paused, await query(database.url, 'SELECT count(*)::int FROM annals.rebuilds')];
}

it('the document has the routes that are meant here', () => {
  expect(named.map(([name]) => name)).toEqual(
    expect.arrayContaining(
      ['POST /v1/users', 'GET /health/live', 'GET /metrics', 'DELETE /v1/users'].slice(0, 3),
    ),
  );
  expect(named.length).toBeGreaterThan(20);
});

describe('a member that a route does not take is refused, and nothing is done', () => {
  let before: unknown;
  beforeAll(async () => (before = await traces()));
  afterEach(async () => expect(await traces()).toEqual(before));

  it.each(named)('in the query: %s', async (_, operation) => {
    for (const name of ['dryRun', 'prototype', 'constructor', '__proto__', 'toString', '', 'a/b', '%C3%A9']) {
      const pointer = `#/${decodeURIComponent(name).replaceAll('/', '~1')}`;
      for (const search of [`?${name}=true`, `?${name}`, `?&&=&`.slice(0, 3) + `${name}=`]) {
        const expected = search.endsWith('?') ? undefined : { status: 400, pointers: [pointer] };
        if (expected) expect([search, await send(operation, search)]).toEqual([search, expected]);
      }
    }
    const hidden = `?${'&'.repeat(1_500)}dryRun=true`;
    expect(await send(operation, hidden)).toEqual({ status: 400, pointers: ['#/dryRun'] });
  });

  it.each(named)('in the body: %s', async (_, { method, path }) => {
    const isFile = path.startsWith('/docs');
    for (const name of ['dryRun', 'prototype', 'constructor', '__proto__', 'toString', '']) {
      const { status, pointers } = await send({ method, path }, '', `{"${name}":true}`);
      expect([name, status]).toEqual([name, 400]);
      expect(pointers).toContain(isFile ? '#' : `#/${name}`);
    }
    expect((await send({ method, path }, '', '[1]')).status).toBe(400);
  });
});

describe('a query', () => {
  it.each([
    '?limit=1&limit=2',
    '?limit=1&limit=1',
    '?email=a&limit=1&email=b',
    `?limit=1${'&'.repeat(2_000)}limit=1`,
  ])('with a name twice is refused: %#', async (search) => {
    const { status, pointers } = await send({ method: 'GET', path: '/v1/users' }, search);
    expect([status, pointers.length]).toEqual([400, 1]);
  });

  it.each(['?email=%', '?email=%zz', '?email=%ff', '?email=%c0%af'])(
    'with broken encoding is refused: %s',
    async (search) => {
      expect(await send({ method: 'GET', path: '/v1/users' }, search)).toEqual({
        status: 400,
        pointers: ['#'],
      });
    },
  );

  it('of empty pairs is none, and behind them a filter holds', async () => {
    const target = `/v1/users?${'&'.repeat(1_500)}email=${encodeURIComponent('nobody@nowhere')}&&`;
    expect((await client.get<{ items: unknown[] }>(target)).body.items).toEqual([]);
    expect((await client.get('/health/live?&&')).status).toBe(200);
  });

  it('keeps plus signs, blanks and brackets apart', async () => {
    const email = `a+b.${newEmail()}`;
    const { position } = await createUser(client, { email });
    const found = async (piece: string) => {
      const headers = { 'Min-Event-Position': position };
      return (await client.get<{ items: unknown[] }>(`/v1/users?email=${piece}`, headers)).body.items.length;
    };
    expect([await found('a%2Bb.'), await found('a+b.')]).toEqual([1, 0]);
    expectInvalid(await client.get('/v1/users?email[]=x'), '#/email[]');
  });
});

describe('a route without a body', () => {
  it.each(['{}', ' {} ', ''])('takes an empty one: %j', async (body) => {
    const { userId: own } = await createUser(client);
    const request = { headers: json, body };
    expect((await client.send('POST', `/v1/users/${own}/deactivate`, request)).status).toBe(200);
    expect(
      (await client.send('POST', '/v1/admin/subscriptions/welcome-message/resume', request)).status,
    ).toBe(202);
  });

  it.each(['[]', 'null', '"x"', '{', '{"a":{"b":1}}'])('takes no other: %s', async (body) => {
    const request = { headers: json, body };
    const answer = await client.send('POST', '/v1/admin/subscriptions/welcome-message/resume', request);
    expect(answer.status).toBe(400);
  });
});

describe('a precondition that a route does not heed', () => {
  const commands = () =>
    [
      ['POST', '/v1/users', { name: 'Ada', email: newEmail() }],
      ['POST', '/v1/admin/subscriptions/welcome-message/pause', {}],
    ] as const;

  it.each(['If-Match', 'If-None-Match', 'If-Unmodified-Since', 'If-Modified-Since', 'If-Range'])(
    '%s is refused, and nothing is done',
    async (name) => {
      const before = await traces();
      for (const value of ['*', '"1"', 'Thu, 01 Jan 1970 00:00:00 GMT']) {
        for (const [method, path, body] of commands()) {
          const request = { headers: { ...json, [name]: value }, body: JSON.stringify(body) };
          expectInvalid(await client.send(method, path, request), `#/headers/${name}`);
        }
      }
      expect(await traces()).toEqual(before);
    },
  );

  it('is refused beside one that it heeds', async () => {
    const headers = { 'If-Match': '"1"', 'If-Unmodified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' };
    expectInvalid(
      await client.put(`/v1/users/${userId}/name`, { name: 'Eve' }, headers),
      '#/headers/If-Unmodified-Since',
    );
    const none = { 'If-None-Match': '*' };
    expectInvalid(
      await client.put(`/v1/users/${userId}/name`, { name: 'Eve' }, none),
      '#/headers/If-None-Match',
    );
  });

  it('of a query is refused, or was a hint for a cache', async () => {
    for (const path of [`/v1/users/${userId}`, '/v1/users', '/health/live']) {
      expectInvalid(await client.get(path, { 'If-Match': '"7"' }), '#/headers/If-Match');
      expect((await client.get(path, { 'If-Modified-Since': 'Thu, 01 Jan 2099 00:00:00 GMT' })).status).toBe(
        200,
      );
    }
  });

  it.each(['"7",W/"1"', '"a,b" , "1"', '\t"1"\t', 'W/"1"'])(
    'If-None-Match is read as a list: %j',
    async (tags) => {
      expect((await client.get(`/v1/users/${userId}`, { 'If-None-Match': tags })).status).toBe(304);
    },
  );

  it.each(['"7","1x"', '"a","b,"', '"7,"1"', 'W/"7"', 'w/"1"', '"1" "1"'])(
    'and names nothing else: %j',
    async (tags) => {
      expect((await client.get(`/v1/users/${userId}`, { 'If-None-Match': tags })).status).toBe(200);
    },
  );
});

describe('a body that is dear to judge', () => {
  const person = () => ({ name: 'Ada', email: newEmail() });
  const post = (body: string) => client.send('POST', '/v1/users', { headers: json, body });

  it('for its unknown members is refused at the first 20 of them', async () => {
    const members = Array.from({ length: 12_000 }, (_, index) => `"${index.toString(36)}":1`);
    const { problem } = await post(`{${members.join(',')}}`);
    expect(problem?.errors).toHaveLength(20);
    expect(JSON.stringify(problem).length).toBeLessThan(4_000);
  });

  it.each([
    '[' + '{},'.repeat(33_000) + '{}]',
    '[' + '1,'.repeat(50_000) + '1]',
    '{"a":[' + '{},'.repeat(30_000) + '{}]}',
  ])('for what stands where one value is wanted is refused for that member: %#', async (value) =>
    expectInvalid(await post(`{"email":"${newEmail()}","name":${value}}`), '#/name'),
  );

  it('for the length of its names is answered shortly', async () => {
    const { problem } = await post(JSON.stringify({ ...person(), ['x'.repeat(90_000)]: 1 }));
    expect(problem?.errors).toHaveLength(1);
    expect(JSON.stringify(problem).length).toBeLessThan(1_000);
  });

  it('is told all that is wrong while it is short', async () => {
    const answer = await post('{"nam":"Ada","email":"nobody"}');
    expect(answer.problem?.errors?.map(({ pointer }) => pointer).sort()).toEqual([
      '#/email',
      '#/nam',
      '#/name',
    ]);
  });

  it('of a query is refused at the first 20 names', async () => {
    const names = Array.from({ length: 3_000 }, (_, index) => index.toString(36));
    const { problem } = await client.get(`/v1/users?${names.join('&')}`);
    expect(problem?.errors).toHaveLength(20);
  });
});

describe('a body that is too large', () => {
  const head = (more: string, auth = `Authorization: Bearer ${service.key}\r\n`) =>
    `POST /v1/users HTTP/1.1\r\nHost: x\r\n${auth}Content-Type: application/json\r\n${more}\r\n\r\n`;

  async function refused(...pieces: readonly string[]): Promise<readonly [number, string | undefined][]> {
    const connection = (await RawConnection.open(service.url)).send(...pieces);
    const answers = await connection.untilClosed();
    return answers.map(({ status, headers }) => [status, headers.get('connection')]);
  }

  it.each(['1000000000', '102401', '999999999999999'])(
    'is refused before it comes: %s bytes',
    async (length) => {
      expect(await refused(head(`Content-Length: ${length}`))).toEqual([[413, 'close']]);
      expect(await refused(head(`Expect: 100-continue\r\nContent-Length: ${length}`))).toEqual([
        [413, 'close'],
      ]);
    },
  );

  it('is refused at the first byte too many when it comes without a length', async () => {
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    expect(await refused(head('Transfer-Encoding: chunked'), chunk.repeat(7))).toEqual([[413, 'close']]);
  });

  it('of strangers is not read at all', async () => {
    expect(await refused(head('Content-Length: 1000000000', ''))).toEqual([[401, 'close']]);
    expect(await refused(head('Transfer-Encoding: chunked', ''), '1\r\nx\r\n')).toEqual([[401, 'close']]);
  });
});

describe('Expect', () => {
  const body = () => JSON.stringify({ name: 'Ada', email: newEmail() });
  const head = (expect: string, length: number, auth = `Authorization: Bearer ${service.key}\r\n`) =>
    `POST /v1/users HTTP/1.1\r\nHost: x\r\n${auth}Content-Type: application/json\r\nExpect: ${expect}\r\nContent-Length: ${length}\r\n\r\n`;

  it.each(['100-continue', '100-Continue'])('%s is answered to who may send a body', async (expectation) => {
    const connection = await RawConnection.open(service.url);
    const sent = body();
    connection.send(head(expectation, sent.length));
    expect((await connection.answer()).status).toBe(100);
    connection.send(sent);
    const [, created] = await answersOf(connection, 2);
    expect(created?.status).toBe(201);
    connection.end();
  });

  it('100-continue is not answered to strangers, nor for a body of another type', async () => {
    const stranger = (await RawConnection.open(service.url)).send(head('100-continue', 50, ''));
    expect((await stranger.untilClosed()).map(({ status }) => status)).toEqual([401]);
    const text = head('100-continue', 50).replace('application/json', 'text/plain');
    const other = (await RawConnection.open(service.url)).send(text);
    expect((await other.untilClosed()).map(({ status }) => status)).toEqual([415]);
  });

  it.each(['tea', '100-continue, tea', '200-ok', ''])(
    '%j cannot be met: 417, to callers alone',
    async (expectation) => {
      const connection = (await RawConnection.open(service.url)).send(head(expectation, 50));
      const [answer] = await connection.untilClosed();
      const problem = JSON.parse(answer?.body ?? '') as Problem;
      expect([answer?.status, problem.code]).toEqual([417, 'expectation-failed']);
      expect(answer?.headers.get('x-correlation-id')).toBe(problem.correlationId);
      const stranger = (await RawConnection.open(service.url)).send(head(expectation, 50, ''));
      expect((await stranger.untilClosed()).map(({ status }) => status)).toEqual([401]);
    },
  );
});

async function answersOf(connection: RawConnection, count: number) {
  const end = Date.now() + 30_000;
  while (connection.answers().length < count && Date.now() < end)
    await new Promise((resolve) => setTimeout(resolve, 10));
  return connection.answers();
}

it('after all this the service answers as before', async () => {
  expect((await client.get(`/v1/users/${randomUUID()}/history`)).status).toBe(404);
});
