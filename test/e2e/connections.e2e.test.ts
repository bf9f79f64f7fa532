import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { askProbe, probeEnvironment } from '../fuzz/probe';
import { type ServiceProcess, startService } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { waitUntil } from '../support/wait-until';
import { Client, type Problem } from './client';
import { type RawAnswer, RawConnection } from './raw-connection';
import { createUser, newEmail } from './users';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

let service: ServiceProcess;

/** How many connections the system has open to the service, as its process sees them. */
async function connectionsOf({ pid, url }: ServiceProcess): Promise<number> {
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0');
  const table = await readFile(`/proc/${pid}/net/tcp`, 'utf8');
  return [...table.matchAll(new RegExp(`:${port} \\S+ 01 `, 'g'))].length;
}
const opened: RawConnection[] = [];
async function start(environment: Readonly<Record<string, string>> = {}): Promise<void> {
  service = await startService({ DATABASE_URL: database.url, RATE_LIMIT: '1000000', ...environment });
}
async function stop(): Promise<void> {
  expect(await service.end()).toBe(0);
}
afterEach(() => {
  for (const connection of opened.splice(0)) connection.end();
});

async function open(): Promise<RawConnection> {
  const connection = await RawConnection.open(service.url);
  opened.push(connection);
  return connection;
}

const live = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n';
const asAdmin = () => `Host: x\r\nAuthorization: Bearer ${service.key}\r\n`;
const get = (path: string) => `GET ${path} HTTP/1.1\r\n${asAdmin()}\r\n`;
function create(userId: string = randomUUID()): string {
  const body = JSON.stringify({ userId, name: 'Ada', email: newEmail() });
  const head = `POST /v1/users HTTP/1.1\r\n${asAdmin()}Content-Type: application/json\r\n`;
  return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
}
const statuses = (answers: readonly RawAnswer[]) => answers.map(({ status }) => status);

function expectProblem(answer: RawAnswer, status: number, code: string): Problem {
  const problem = JSON.parse(answer.body) as Problem;
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect([answer.status, problem.status, problem.code]).toEqual([status, status, code]);
  expect(answer.headers.get('x-correlation-id')).toBe(problem.correlationId);
  return problem;
}

describe('what cannot be read', () => {
  beforeAll(() => start({ HEADER_LIMIT_BYTES: '8192' }));
  afterAll(stop);

  const tails: readonly (readonly [string, string | Uint8Array])[] = [
    ['two bytes more than its length', 'XX'],
    ['a line that is no request', 'NONSENSE\r\n\r\n'],
    ['a bad header', 'GET / HTTP/1.1\r\nBad Header: x\r\n\r\n'],
    ['NUL', '\0\0\0\r\n\r\n'],
    ['a head that is too large', `GET / HTTP/1.1\r\nX: ${'x'.repeat(9_000)}\r\n\r\n`],
    ['a head that is too large and has no end', `GET / HTTP/1.1\r\nX: ${'x'.repeat(90_000)}`],
    ['the greeting of TLS', Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3)],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['CONNECT', 'CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx'],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
    [
      'chunks that are none',
      'POST /v1/users HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n',
    ],
    ['lines without a carriage return', 'GET / HTTP/1.1\nHost: x\n\n'],
    ['another version', 'GET / HTTP/3.7\r\nHost: x\r\n\r\n'],
  ];

  it.each(tails)('behind a command leaves the command its answer, the last one: %s', async (_, tail) => {
    const connection = (await open()).send(create(), tail);
    const answers = await connection.untilClosed();
    expect(statuses(answers)).toEqual([201]);
    expect(answers[0]?.headers.get('connection')).toBe('close');
  });

  it.each(tails)('behind two requests leaves both their answers, in order: %s', async (_, tail) => {
    const answers = await (await open()).send(get('/v1/users?limit=1'), create(), tail).untilClosed();
    expect(statuses(answers)).toEqual([200, 201]);
    expect(answers.map(({ headers }) => headers.get('connection'))).toEqual(['keep-alive', 'close']);
  });

  it.each(tails)('behind an answer is refused for itself: %s', async (_, tail) => {
    const connection = (await open()).send(create());
    await connection.answer();
    const [first, second, ...more] = await connection.send(tail).untilClosed();
    expect([first?.status, more]).toEqual([201, []]);
    expectProblem(second as RawAnswer, 400, 'validation-failed');
  });

  it('in the body of a command is refused as that command, which leaves no trace', async () => {
    const userId = randomUUID();
    const head = create(userId).replace(/Content-Length: \d+/, 'Transfer-Encoding: chunked');
    const [answer, ...more] = await (await open()).send(head.replace('{', 'ZZ\r\n{')).untilClosed();
    expectProblem(answer as RawAnswer, 400, 'validation-failed');
    expect(more).toEqual([]);
    expect((await new Client(service.url).get(`/v1/users/${userId}/history`)).status).toBe(404);
  });

  it('is not waited for: requests behind it are never begun', async () => {
    const userId = randomUUID();
    const answers = await (
      await open()
    )
      .send(get('/v1/users?limit=1'), 'XX\r\n\r\n', create(userId))
      .untilClosed();
    expect(statuses(answers)).toEqual([200]);
    expect((await new Client(service.url).get(`/v1/users/${userId}/history`)).status).toBe(404);
  });
});

describe('what HTTP does not allow', () => {
  beforeAll(() => start());
  afterAll(stop);

  it.each([
    ['no Host', 'GET /health/live HTTP/1.1\r\n\r\n', 400, 'validation-failed'],
    ['two Hosts', 'GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400, 'validation-failed'],
    [
      'the same Host twice',
      'GET /health/live HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n',
      400,
      'validation-failed',
    ],
    ['a blank in its Host', 'GET /health/live HTTP/1.1\r\nHost: a b\r\n\r\n', 400, 'validation-failed'],
    ['a path in its Host', 'GET /health/live HTTP/1.1\r\nHost: a/b\r\n\r\n', 400, 'validation-failed'],
    ['HTTP/2.0', 'GET /health/live HTTP/2.0\r\nHost: a\r\n\r\n', 505, 'http-version-not-supported'],
    ['HTTP/0.9', 'GET /health/live\r\n\r\n', 505, 'http-version-not-supported'],
    ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', 400, 'validation-failed'],
  ])('is refused, and ends the connection: %s', async (_, request, status, code) => {
    const [answer, ...more] = await (await open()).send(request).untilClosed();
    expectProblem(answer as RawAnswer, status, code);
    expect([answer?.headers.get('connection'), more]).toEqual(['close', []]);
  });

  it.each(['Host: ', 'Host: [::1]:3000', 'Host: annals.example.org:80', 'Host: a_b', 'Host: %61'])(
    'but a host is: %s',
    async (host) => {
      const connection = (await open()).send(`GET /health/live HTTP/1.1\r\n${host}\r\n\r\n`);
      expect((await connection.answer()).status).toBe(200);
    },
  );

  it.each(['OPTIONS', 'GET'])(
    '%s * is a path that nobody has: 401 to strangers, else 404',
    async (method) => {
      const stranger = (await open()).send(`${method} * HTTP/1.1\r\nHost: x\r\n\r\n`);
      expectProblem(await stranger.answer(), 401, 'unauthenticated');
      const caller = (await open()).send(`${method} * HTTP/1.1\r\n${asAdmin()}\r\n`);
      expectProblem(await caller.answer(), 404, 'not-found');
    },
  );

  it('no header is overlooked, whatever number of them comes first', async () => {
    const { userId } = await createUser(new Client(service.url));
    const deactivate = `POST /v1/users/${userId}/deactivate HTTP/1.1\r\n${asAdmin()}`;
    const connection = (await open()).send(`${deactivate}${'a:\r\n'.repeat(3_000)}If-Match: "7"\r\n\r\n`);
    expectProblem(await connection.answer(), 412, 'precondition-failed');
  });
});

describe('one connection', () => {
  beforeAll(() => start(probeEnvironment));
  afterAll(stop);

  it('gets an answer to each of 2,400 requests, in order, and holds nobody else up meanwhile', async () => {
    const ids = Array.from({ length: 2_400 }, (_, index) => `n${index}`);
    const connection = await open();
    const other = await open();
    connection.send(ids.map((id) => `GET /a HTTP/1.1\r\nHost:\r\nX-Correlation-Id:${id}\r\n\r\n`).join(''));
    await waitUntil(() => Promise.resolve(connection.bytes > 0));
    other.send(live);
    expect((await other.answer()).status).toBe(200);
    expect(connection.answers().length).toBeLessThan(ids.length / 2);
    await waitUntil(() => Promise.resolve(connection.answers().length === ids.length));
    expect(connection.answers().map(({ headers }) => headers.get('x-correlation-id'))).toEqual(ids);
  });

  it('has no command begun before the request in front of it has its answer', async () => {
    const userId = randomUUID();
    const waiting = `GET /v1/users HTTP/1.1\r\n${asAdmin()}Min-Event-Position: 1000000\r\nPrefer: wait=2\r\n\r\n`;
    const connection = (await open()).send(waiting, create(userId));
    await delay(700);
    const { status } = await new Client(service.url).get(`/v1/users/${userId}/history`);
    expect([connection.answers(), status]).toEqual([[], 404]);
    await waitUntil(() => Promise.resolve(connection.answers().length === 2));
    expect(statuses(connection.answers())).toEqual([503, 201]);
  });

  it('that reads nothing is not read on, and costs no memory', async () => {
    const before = await askProbe(service);
    const piece = 'GET /a HTTP/1.1\r\nHost:\r\n\r\n'.repeat(40_000);
    const connections = await Promise.all(Array.from({ length: 20 }, open));
    for (const { socket } of connections) {
      socket.pause();
      socket.write(piece);
    }
    // Each has taken what the network holds, and a bystander is served.
    await new Client(service.url).get('/health/live');
    await delay(2_000);
    await new Client(service.url).get('/health/live');
    const after = await askProbe(service);
    expect(connections.filter(({ isClosed }) => isClosed)).toEqual([]);
    expect(after.rss - before.rss).toBeLessThan(200 * 2 ** 20);
  });
});

describe('a time limit', () => {
  beforeAll(() => start({ REQUEST_TIMEOUT_MS: '1000', KEEP_ALIVE_TIMEOUT_MS: '90000' }));
  afterAll(stop);

  /** Some hundred times more than the network holds of answers that nobody reads. */
  const large = 'GET /docs-json HTTP/1.1\r\nHost: x\r\n\r\n';

  it('ends a connection whose client takes no answer', async () => {
    const connection = await open();
    connection.socket.pause();
    connection.send(large.repeat(2_000));
    await waitUntil(async () => (await connectionsOf(service)) === 0);
    connection.socket.resume();
    expect((await connection.untilClosed()).length).toBeLessThan(2_000);
  });

  it('leaves a connection alone whose client takes its answers slowly', async () => {
    const connection = (await open()).send(large.repeat(100));
    for (let reads = 0; reads < 12; reads++) {
      connection.socket.pause();
      await delay(300);
      connection.socket.resume();
      await delay(5);
    }
    await waitUntil(() => Promise.resolve(connection.answers().length === 100));
    expect(connection.isClosed).toBe(false);
  });

  it('ends a connection on which nothing was ever asked, without an answer that a request could take for its own', async () => {
    const connection = await open();
    expect(await connection.untilClosed()).toEqual([]);
    expect(connection.bytes).toBe(0);
  });

  it('refuses a request that does not come to its end, behind one that was answered', async () => {
    const connection = (await open()).send(live, 'GET /health/live HTTP/1.1\r\nHost:');
    const [first, second] = await connection.untilClosed();
    expect(first?.status).toBe(200);
    expectProblem(second as RawAnswer, 400, 'validation-failed');
  });

  it('for idle connections is told to the client', async () => {
    const connection = (await open()).send(live);
    expect((await connection.answer()).headers.get('keep-alive')).toBe('timeout=90');
  });
});

describe('a caller over its rate limit', () => {
  beforeAll(() => start({ RATE_LIMIT: '5' }));
  afterAll(stop);

  it('is told so, and its connection ends with that, whatever it has sent behind', async () => {
    const answers = await (await open()).send('GET /a HTTP/1.1\r\nHost:\r\n\r\n'.repeat(100)).untilClosed();
    expect(statuses(answers)).toEqual([401, 401, 401, 401, 401, 429]);
    expect(answers.at(-1)?.headers.get('connection')).toBe('close');
  });
});
