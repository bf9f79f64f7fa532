import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Answer, type Client, expectInvalid, expectRefused } from './client';
import { query } from './command-line';
import { lockLog } from './locked-log';
import { isReplayed, repeated, withKey } from './repeated';
import { type RunningService, startOnNewDatabase } from './running-service';
import { type Acknowledgement, command, commands, createUser, historyOf, newEmail } from './users';

let running: RunningService;
let client: Client;
beforeAll(async () => {
  running = await startOnNewDatabase();
  client = running.client;
});
afterAll(() => running.end());

const create = (key: string, body: object) => client.post<Acknowledgement>('/v1/users', body, withKey(key));
const rename = (userId: string, name: string, headers: Record<string, string>) =>
  client.put<Acknowledgement>(`/v1/users/${userId}/name`, { name }, headers);

/** Everything of an answer that the contract fixes. */
function essence({ status, headers, body, problem }: Answer<unknown>) {
  const names = ['Content-Type', 'ETag', 'Location', 'Event-Position', 'Retry-After'];
  return { status, body, problem, headers: names.map((name) => headers.get(name)) };
}

async function expectRepeated(first: Answer<unknown>, send: () => Promise<Answer<unknown>>): Promise<void> {
  expect(isReplayed(first)).toBe(false);
  for (let times = 0; times < 2; times++) {
    const again = await send();
    expect(essence(again)).toEqual(essence(first));
    expect(isReplayed(again)).toBe(true);
  }
}

describe('a command that is repeated with its Idempotency-Key gives the first answer again', () => {
  it.each([undefined, randomUUID()])('when it creates a user (userId %s)', async (userId) => {
    const key = randomUUID();
    const body = { name: 'Ada', email: newEmail(), userId };
    const first = await create(key, body);
    expect([first.status, first.headers.get('Location')]).toEqual([201, `/v1/users/${first.body.userId}`]);
    await rename(first.body.userId, 'Grace', {});
    await expectRepeated(first, () => create(key, body));
    expect(await historyOf(client, first.body.userId)).toHaveLength(2);
  });

  it.each(commands)('when it is to $name, although the user has changed since', async (given) => {
    const { userId } = await createUser(client);
    if (given.name === 'reactivate') await client.post(`/v1/users/${userId}/deactivate`);
    const body = given.body();
    const once = { ...given, body: () => body } as typeof given;
    const headers = withKey(randomUUID());
    const first = await command(client, once, userId, headers);
    expect([first.status, first.headers.get('ETag')]).toEqual([200, `"${first.body.version}"`]);
    await client.post(`/v1/users/${userId}/${given.name === 'deactivate' ? 'reactivate' : 'deactivate'}`);
    const before = await historyOf(client, userId);
    await expectRepeated(first, () => command(client, once, userId, headers));
    expect(await historyOf(client, userId)).toEqual(before);
  });

  it('when it changed nothing, although it would change something now', async () => {
    const { userId } = await createUser(client);
    await client.post(`/v1/users/${userId}/deactivate`);
    const again = () =>
      client.post<Acknowledgement>(`/v1/users/${userId}/deactivate`, undefined, withKey(`idle ${userId}`));
    const first = await again();
    expect([first.status, first.body.version]).toEqual([200, 2]);
    await client.post(`/v1/users/${userId}/reactivate`);
    await expectRepeated(first, again);
    expect(await historyOf(client, userId)).toHaveLength(3);
  });

  it('in the same request with other spaces and another order of members', async () => {
    const email = newEmail();
    const key = randomUUID();
    const first = await create(key, { name: 'Ada', email });
    const headers = { 'Content-Type': 'application/json', ...withKey(key) };
    const body = `{ "email" : ${JSON.stringify(email)},\n "name":"\\u0041da" }`;
    await expectRepeated(first, () => client.send('POST', '/v1/users', { headers, body }));
  });
});

describe('a refusal that stands is kept like an answer', () => {
  it('404, although the user exists now', async () => {
    const userId = randomUUID();
    const again = () => rename(userId, 'Ada', withKey(`404 ${userId}`));
    const first = await again();
    expectRefused(first, 404, 'user-not-found');
    await createUser(client, { userId });
    await expectRepeated(first, again);
    expect(await historyOf(client, userId)).toHaveLength(1);
  });

  it('409, although the address is free now', async () => {
    const holder = await createUser(client);
    const again = () => create(`409 ${holder.userId}`, { name: 'Eve', email: holder.email });
    const first = await again();
    expectRefused(first, 409, 'email-taken');
    await client.put(`/v1/users/${holder.userId}/email`, { email: newEmail() });
    await expectRepeated(first, again);
  });

  it('412, although the version is right now', async () => {
    const { userId } = await createUser(client);
    const again = () => rename(userId, 'Grace', { 'If-Match': '"2"', ...withKey(`412 ${userId}`) });
    const first = await again();
    expectRefused(first, 412, 'precondition-failed');
    await rename(userId, 'Edsger', {});
    await expectRepeated(first, again);
  });

  it('422, although the user is active again', async () => {
    const { userId } = await createUser(client);
    await client.post(`/v1/users/${userId}/deactivate`);
    const again = () => rename(userId, 'Grace', withKey(`422 ${userId}`));
    const first = await again();
    expectRefused(first, 422, 'user-deactivated');
    await client.post(`/v1/users/${userId}/reactivate`);
    await expectRepeated(first, again);
  });
});

describe('an Idempotency-Key', () => {
  it('of a request that could never succeed is free for the one that is mended', async () => {
    const key = randomUUID();
    const body = { name: '', email: newEmail() };
    expectInvalid(await create(key, body), '#/name');
    const mended = await create(key, { ...body, name: 'Ada' });
    expect([mended.status, isReplayed(mended)]).toEqual([201, false]);
  });

  it('is refused for any other request', async () => {
    const user = await createUser(client);
    const other = await createUser(client);
    const key = withKey(randomUUID());
    const first = await rename(user.userId, 'Grace', key);
    const reuses = [
      rename(user.userId, 'Edsger', key),
      rename(other.userId, 'Grace', key),
      rename(user.userId, 'Grace', { 'If-Match': '"2"', ...key }),
      client.put(`/v1/users/${user.userId}/email`, { email: newEmail() }, key),
      client.post(`/v1/users/${user.userId}/deactivate`, undefined, key),
      client.post('/v1/users', { name: 'Grace', email: newEmail() }, key),
    ];
    for (const answer of await Promise.all(reuses)) {
      expectRefused(answer, 422, 'idempotency-key-reused');
      expect(isReplayed(answer)).toBe(false);
    }
    await expectRepeated(first, () => rename(user.userId, 'Grace', key));
    expect(await historyOf(client, user.userId)).toHaveLength(2);
  });

  it.each(['', 'x'.repeat(256), 'schlüssel', 'a\tb', '\x80'])('%j is malformed', async (key) => {
    const answer = await create(key, { name: 'Ada', email: newEmail() });
    expectInvalid(answer, '#/headers/Idempotency-Key');
  });

  it('given twice is malformed', async () => {
    const { hostname, port } = new URL(client.url);
    const socket = connect(Number(port), hostname);
    const body = JSON.stringify({ name: 'Ada', email: newEmail() });
    const keys = 'Idempotency-Key: a\r\nIdempotency-Key: b\r\n';
    socket.write(
      `POST /v1/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${keys}` +
        `Authorization: Bearer ${client.credentials}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 [^]*"#\/headers\/Idempotency-Key"/);
  });

  it.each(['x', ' ~!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}'.trim(), 'y'.repeat(255)])('%j is good', async (key) => {
    const body = { name: 'Ada', email: newEmail() };
    const first = await create(key, body);
    expect(first.status).toBe(201);
    await expectRepeated(first, () => create(key, body));
  });

  it('lives 24 hours, and is free afterwards', async () => {
    const key = randomUUID();
    const { userId } = await createUser(client);
    const first = await rename(userId, 'Grace', withKey(key));
    const [kept] = await query<{ seconds: number }>(
      running.database.url,
      `SELECT extract(epoch FROM r.expires_at - e.timestamp)::float AS seconds
       FROM annals.receipts r JOIN annals.events e ON e.aggregate_id = r.aggregate_id AND e.aggregate_version = 2
       WHERE r.key = '${key}'`,
    );
    expect(kept?.seconds).toBe(86_400);
    await query(running.database.url, `UPDATE annals.receipts SET expires_at = now() WHERE key = '${key}'`);
    const later = await rename(userId, 'Edsger', withKey(key));
    expect([later.body.version, isReplayed(later)]).toEqual([first.body.version + 1, false]);
  });
});

describe('while the first request is still running', () => {
  it('the same key is told so, another request is refused, and later it gets the first answer', async () => {
    const key = randomUUID();
    const body = { name: 'Ada', email: newEmail() };
    const log = await lockLog(running.database.url);
    const first = create(key, body);
    await log.isAwaited();
    const meanwhile = await create(key, body);
    const reused = await create(key, { ...body, name: 'Eve' });
    await log.unlock();
    expectRefused(meanwhile, 409, 'idempotency-key-in-progress');
    expect(meanwhile.headers.get('Retry-After')).toMatch(/^[1-9]\d*$/);
    expectRefused(reused, 422, 'idempotency-key-reused');
    expect((await first).status).toBe(201);
    await expectRepeated(await first, () => create(key, body));
  });
});

describe('1,000 pairs of the same request at once', () => {
  it('have one effect each, and both are given the same answer', async () => {
    const pairs = Array.from({ length: 1_000 }, () => ({ key: randomUUID(), email: newEmail() }));
    const answers = new Map<string, Answer<Acknowledgement>[]>();
    for (let from = 0; from < pairs.length; from += 100) {
      const some = pairs.slice(from, from + 100);
      await Promise.all(
        some.flatMap(({ key, email }) =>
          [1, 2].map(async () => {
            const answer = await repeated(() => create(key, { name: 'Ada', email }));
            answers.set(key, [...(answers.get(key) ?? []), answer]);
          }),
        ),
      );
    }
    for (const { key } of pairs) {
      const [one, other] = (answers.get(key) ?? []).map(essence);
      expect(one?.status).toBe(201);
      expect(other).toEqual(one);
      expect(answers.get(key)?.filter(isReplayed)).toHaveLength(1);
    }
    const emails = pairs.map(({ email }) => `'${email}'`).join();
    const [stored] = await query<{ count: number }>(
      running.database.url,
      `SELECT count(*)::int FROM annals.events WHERE event_type = 'UserCreated' AND data->>'email' IN (${emails})`,
    );
    expect(stored?.count).toBe(1_000);
  }, 300_000);
});
