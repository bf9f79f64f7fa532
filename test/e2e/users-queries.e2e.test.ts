import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expectInvalid, expectRefused } from './client';
import { type RunningService, startOnNewDatabase } from './running-service';
import {
  type Acknowledgement,
  createUser,
  getUser,
  type HistoryPage,
  historyOf,
  type UserBody,
} from './users';

let running: RunningService;
beforeAll(async () => {
  running = await startOnNewDatabase();
});
afterAll(() => running.end());

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe('a user by id', () => {
  it('has all members, and headers for its version and for how far the read model had got', async () => {
    const { userId, position, email } = await createUser(running.client, { name: '류은별' });
    const got = await running.client.get<UserBody>(`/v1/users/${userId}`, { 'Min-Event-Position': position });
    const { createdAt, updatedAt } = got.body;
    expect(got.body).toEqual({
      userId,
      name: '류은별',
      email,
      isActive: true,
      createdAt,
      updatedAt,
      version: 1,
    });
    expect([createdAt, updatedAt]).toEqual([expect.stringMatching(isoTime), createdAt]);
    expect(got.headers.get('ETag')).toBe('"1"');
    expect(BigInt(got.headers.get('Event-Position') ?? 0)).toBeGreaterThanOrEqual(BigInt(position));
  });

  it('keeps createdAt and moves updatedAt with every change', async () => {
    const created = await createUser(running.client);
    await getUser(running.client, created);
    await delay(5);
    const renamed = await running.client.put<Acknowledgement>(`/v1/users/${created.userId}/name`, {
      name: 'Eve',
    });
    const user = await getUser(running.client, renamed.body);
    const [first, second] = await historyOf(running.client, created.userId);
    expect(user).toMatchObject({ createdAt: first?.timestamp, updatedAt: second?.timestamp, version: 2 });
    expect(user.updatedAt > user.createdAt).toBe(true);
  });

  it('is inactive after the deactivation, and active again after the reactivation', async () => {
    const { userId } = await createUser(running.client);
    for (const [path, isActive] of [
      ['deactivate', false],
      ['reactivate', true],
    ] as const) {
      const { body } = await running.client.post<Acknowledgement>(`/v1/users/${userId}/${path}`);
      expect(await getUser(running.client, body)).toMatchObject({ isActive, version: body.version });
    }
  });

  it('is 304 without a body for who has this version', async () => {
    const created = await createUser(running.client);
    await getUser(running.client, created);
    for (const tag of ['"1"', 'W/"1"', '"7", "1"', '*']) {
      const got = await running.client.get(`/v1/users/${created.userId}`, { 'If-None-Match': tag });
      expect([tag, got.status, got.body]).toEqual([tag, 304, undefined]);
      expect(got.headers.get('ETag')).toBe('"1"');
    }
  });

  it('is 200 for who has another version', async () => {
    const { userId } = await createUser(running.client);
    const renamed = await running.client.put<Acknowledgement>(`/v1/users/${userId}/name`, { name: 'Eve' });
    await getUser(running.client, renamed.body);
    for (const tag of ['"1"', '"3"', '"22"', '2']) {
      const got = await running.client.get(`/v1/users/${userId}`, { 'If-None-Match': tag });
      expect([tag, got.status, got.body]).toEqual([tag, 200, expect.objectContaining({ version: 2 })]);
    }
  });

  it('is 304 to If-None-Match: *, which an answer without an ETag never is', async () => {
    const created = await createUser(running.client);
    await getUser(running.client, created);
    const statusOf = async (path: string) =>
      (await running.client.get(path, { 'If-None-Match': '*' })).status;
    const path = `/v1/users/${created.userId}`;
    expect([await statusOf(path), await statusOf(`${path}/history`)]).toEqual([304, 200]);
    expect([await statusOf('/v1/users'), await statusOf('/health/live')]).toEqual([200, 200]);
  });

  it('answers HEAD with the headers of GET and no body', async () => {
    const created = await createUser(running.client);
    await getUser(running.client, created);
    const head = await running.client.send('HEAD', `/v1/users/${created.userId}`);
    expect([head.status, head.body, head.headers.get('ETag')]).toEqual([200, undefined, '"1"']);
    expect((await running.client.send('HEAD', `/v1/users/${randomUUID()}`)).status).toBe(404);
  });

  it('is 404 when nobody has the id', async () => {
    expectRefused(await running.client.get(`/v1/users/${randomUUID()}`), 404, 'user-not-found');
  });
});

describe('the history of a user', () => {
  it('tells each event with its place, its time, who sent it, and the correlation id of the request', async () => {
    const given = 'order-66:retry.2_b';
    const { userId, email } = await createUser(running.client, { name: 'Ada' });
    const renamed = await running.client.put<Acknowledgement>(
      `/v1/users/${userId}/name`,
      { name: 'Eve' },
      { 'X-Correlation-Id': given },
    );
    expect(renamed.headers.get('X-Correlation-Id')).toBe(given);
    const [first, second, ...more] = await historyOf(running.client, userId);
    expect(more).toEqual([]);
    expect(first).toMatchObject({
      version: 1,
      type: 'UserCreated',
      actor: 'key:development',
      data: { name: 'Ada', email },
    });
    expect(second).toEqual({
      version: 2,
      position: renamed.body.position,
      type: 'UserRenamed',
      timestamp: expect.stringMatching(isoTime) as string,
      actor: 'key:development',
      correlationId: given,
      data: { name: 'Eve' },
    });
  });

  it.each(['with blank', 'x'.repeat(129), 'semi;colon', '"quoted"', 'é'])(
    'has a correlation id of the server in place of the unfit %j',
    async (given) => {
      const { userId } = await createUser(running.client);
      const headers = { 'X-Correlation-Id': given };
      const answer = await running.client.post(`/v1/users/${userId}/deactivate`, undefined, headers);
      const made = answer.headers.get('X-Correlation-Id');
      expect(made).toMatch(/^[0-9a-f-]{36}$/);
      expect((await historyOf(running.client, userId))[1]?.correlationId).toBe(made);
    },
  );

  it('is never stale: it has each event as soon as its command is answered', async () => {
    const { userId } = await createUser(running.client);
    for (let version = 2; version <= 20; version++) {
      await running.client.put(`/v1/users/${userId}/name`, { name: `Name ${version}` });
      expect(await historyOf(running.client, userId)).toHaveLength(version);
    }
  });

  it('comes in pages by after and limit, and nextAfter leads from one to the next', async () => {
    const { userId } = await createUser(running.client);
    for (let version = 2; version <= 7; version++) {
      await running.client.put(`/v1/users/${userId}/name`, { name: `Name ${version}` });
    }
    const page = async (query: string) => {
      const { body } = await running.client.get<HistoryPage>(`/v1/users/${userId}/history${query}`);
      return [body.items.map(({ version }) => version), body.nextAfter];
    };
    expect(await page('')).toEqual([[1, 2, 3, 4, 5, 6, 7], null]);
    expect(await page('?limit=3')).toEqual([[1, 2, 3], 3]);
    expect(await page('?limit=3&after=3')).toEqual([[4, 5, 6], 6]);
    expect(await page('?limit=3&after=6')).toEqual([[7], null]);
    expect(await page('?limit=3&after=4')).toEqual([[5, 6, 7], null]);
    expect(await page('?after=7')).toEqual([[], null]);
  });

  it('is 404 for an unknown user, also after a version', async () => {
    for (const query of ['', '?after=3']) {
      const got = await running.client.get(`/v1/users/${randomUUID()}/history${query}`);
      expectRefused(got, 404, 'user-not-found');
    }
  });

  it.each([
    ['after=-1', 'after'],
    ['after=1.5', 'after'],
    ['after=x', 'after'],
    ['after=2147483648', 'after'],
    ['after=1&after=2', 'after'],
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=', 'limit'],
    ['before=3', 'before'],
  ])('refuses the query ?%s', async (query, member) => {
    const { userId } = await createUser(running.client);
    expectInvalid(await running.client.get(`/v1/users/${userId}/history?${query}`), `#/${member}`);
  });
});
