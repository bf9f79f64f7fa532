import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { expectInvalid, expectRefused } from './client';
import { type RunningService, startOnNewDatabase } from './running-service';
import { createUser, newEmail, type UserPage } from './users';

let running: RunningService;
beforeAll(async () => {
  running = await startOnNewDatabase();
});
afterAll(() => running.end());

const json = { 'Content-Type': 'application/json' };
const post = (body: string | Uint8Array, headers: Readonly<Record<string, string>> = json) =>
  running.client.send('POST', '/v1/users', { headers, body });
const person = () => JSON.stringify({ name: 'Ada', email: newEmail() });

async function expectNobody(): Promise<void> {
  const { body } = await running.client.get<UserPage>('/v1/users');
  expect(body.items).toEqual([]);
}

describe('the size of a body', () => {
  it('over 100 kB is refused, whatever is in it', async () => {
    for (const filler of ['x', ' ']) {
      const body = `{"name":"${filler.repeat(102_400)}","email":"ada@example.com"}`;
      expectRefused(await post(body), 413, 'payload-too-large');
    }
    expectRefused(await post('x'.repeat(1_000_000)), 413, 'payload-too-large');
  });

  it('over 100 kB is refused when it is compressed to less', async () => {
    const body = gzipSync(`{"name":"${'x'.repeat(5_000_000)}"}`);
    expect(body.length).toBeLessThan(10_000);
    expectRefused(await post(body, { ...json, 'Content-Encoding': 'gzip' }), 413, 'payload-too-large');
  });

  it('just below 100 kB is read, and judged by its members', async () => {
    expectInvalid(await post(`{"name":"${'x'.repeat(102_300)}","email":"ada@example.com"}`), '#/name');
  });

  it.each([100, 1_000, 4_000, 50_000])(
    'nested %i levels deep is refused and does no harm',
    async (levels) => {
      const nested = [
        `${'['.repeat(levels)}${']'.repeat(levels)}`,
        `${'{"a":'.repeat(levels / 4)}1${'}'.repeat(levels / 4)}`,
      ];
      for (const value of [...nested, '['.repeat(levels)]) {
        const { errors } = expectRefused(
          await post(`{"name":${value},"email":"ada@example.com"}`),
          400,
          'validation-failed',
        );
        expect(errors).toHaveLength(1);
      }
      expect((await running.client.get('/v1/users')).status).toBe(200);
    },
  );
});

describe('the media type of a body', () => {
  it.each([
    ...[
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/xml',
    ],
    ...['application/jsonp', 'application/merge-patch+json', 'json', '*/*', ''],
    ...['utf-7', 'utf-16', 'utf-16le', 'utf-32', 'iso-8859-1', 'nonsense'].map(
      (c) => `application/json; charset=${c}`,
    ),
  ])('%j is not supported', async (type) => {
    expectRefused(await post(person(), { 'Content-Type': type }), 415, 'unsupported-media-type');
    await expectNobody();
  });

  it('missing is not supported', async () => {
    expectRefused(await post(Buffer.from(person()), {}), 415, 'unsupported-media-type');
    const deactivate = `/v1/users/${randomUUID()}/deactivate`;
    const answer = await running.client.send('POST', deactivate, { body: Buffer.from('{}') });
    expectRefused(answer, 415, 'unsupported-media-type');
    await expectNobody();
  });

  it('application/json does not make members of what only UTF-7 or UTF-16 can read', async () => {
    const utf7 = '{"name":"Ada","email":"ada@example.com","+AG4-ame":"Eve"}';
    const utf16 = Buffer.from('{"name":"Ada","name":"Eve","email":"ada@example.com"}', 'utf16le');
    const typed = (charset: string) => ({ 'Content-Type': `application/json; charset=${charset}` });
    expectRefused(await post(utf7, typed('utf-7')), 415, 'unsupported-media-type');
    expectRefused(await post(utf16, typed('utf-16le')), 415, 'unsupported-media-type');
    await expectNobody();
  });

  it('in an unknown or broken compression is refused', async () => {
    const encoded = (encoding: string) => ({ ...json, 'Content-Encoding': encoding });
    expectRefused(await post(person(), encoded('rot13')), 415, 'unsupported-media-type');
    expectInvalid(await post(person(), encoded('gzip')), '#');
    await expectNobody();
  });
});

describe('a path or method that the service does not have', () => {
  it.each([
    ...['/', '/v1', '/users', '/v2/users', '/v1/user', '/v1/users/a/b/c', '/health', '/favicon.ico'],
    ...[`/v1/users/${randomUUID()}/age`, '/v1/users%00', '/__proto__', '/constructor', '//v1//users'],
  ])('%s is not found', async (path) => {
    for (const method of ['GET', 'DELETE'])
      expectRefused(await running.client.send(method, path), 404, 'not-found');
  });

  it.each([
    ['DELETE', '/v1/users', 'GET, HEAD, POST'],
    ['PUT', '/v1/users', 'GET, HEAD, POST'],
    ['PATCH', `/v1/users/${randomUUID()}`, 'GET, HEAD'],
    ['DELETE', `/v1/users/${randomUUID()}`, 'GET, HEAD'],
    ['GET', `/v1/users/${randomUUID()}/name`, 'PUT'],
    ['POST', `/v1/users/${randomUUID()}/email`, 'PUT'],
    ['GET', `/v1/users/${randomUUID()}/deactivate`, 'POST'],
    ['PUT', `/v1/users/${randomUUID()}/reactivate`, 'POST'],
    ['POST', `/v1/users/${randomUUID()}/history`, 'GET, HEAD'],
    ['POST', '/health/live', 'GET, HEAD'],
  ])('%s %s is not allowed, and Allow names what is: %s', async (method, path, allow) => {
    const answer = await running.client.send(method, path);
    expectRefused(answer, 405, 'method-not-allowed');
    expect(answer.headers.get('Allow')).toBe(allow);
  });

  it.each(['%', '%zz', '%e0%a4%a', '%ff', '%c0%af', '%ed%a0%80', 'a%'])(
    'the percent-encoding %s is refused',
    async (id) => {
      expectInvalid(await running.client.get(`/v1/users/${id}`), '#');
      expectInvalid(await running.client.put(`/v1/users/${id}/name`, { name: 'Eve' }), '#');
    },
  );
});

describe('a connection that talks nonsense', () => {
  async function exchange(request: string): Promise<string> {
    const { hostname, port } = new URL(running.client.url);
    const socket = connect(Number(port), hostname);
    socket.write(request);
    return text(socket);
  }

  it.each([
    'NONSENSE\r\n\r\n',
    'GET / HTTP/1.1\r\nBad Header: x\r\n\r\n',
    'GET /\u0000 HTTP/1.1\r\nHost: x\r\n\r\n',
  ])('%j is refused with 400', async (request) =>
    expect(await exchange(request)).toMatch(/^HTTP\/1\.1 400 /),
  );

  it('and a body that its sender breaks off is not acted upon', async () => {
    const { hostname, port } = new URL(running.client.url);
    const socket = connect(Number(port), hostname);
    const head =
      'POST /v1/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n' +
      `Authorization: Bearer ${running.service.key}\r\n\r\n`;
    await new Promise((resolve) => socket.end(head + person(), () => resolve(undefined)));
    await text(socket);
    await expectNobody();
  });
});

it('after all this the service answers as before', async () => {
  const { userId } = await createUser(running.client);
  expect((await running.client.get(`/v1/users/${userId}/history`)).status).toBe(200);
});
