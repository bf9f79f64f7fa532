import { randomUUID } from 'node:crypto';
import { expectInvalid, expectRefused } from './client';
import { type RunningService, startOnNewDatabase } from './running-service';
import { type Acknowledgement, createUser, getUser, type UserBody, type UserPage } from './users';

let running: RunningService;
beforeAll(async () => {
  running = await startOnNewDatabase();
});
afterAll(() => running.end());

const beyondTheLog = '1000000000';

async function timed<T>(work: () => Promise<T>): Promise<{ readonly answer: T; readonly elapsed: number }> {
  const start = performance.now();
  const answer = await work();
  return { answer, elapsed: performance.now() - start };
}

describe('a query with Min-Event-Position', () => {
  it('finds the user who was just created, 200 times in a row', async () => {
    for (let turn = 0; turn < 200; turn++) {
      const { userId, position } = await createUser(running.client);
      const headers = { 'Min-Event-Position': position };
      const got = await running.client.get<UserBody>(`/v1/users/${userId}`, headers);
      expect([turn, got.status, got.body?.userId]).toEqual([turn, 200, userId]);
      expect(BigInt(got.headers.get('Event-Position') ?? 0)).toBeGreaterThanOrEqual(BigInt(position));
    }
  });

  it('shows what a command just changed, 20 times in a row', async () => {
    const { userId } = await createUser(running.client);
    for (let turn = 0; turn < 20; turn++) {
      const renamed = await running.client.put<Acknowledgement>(`/v1/users/${userId}/name`, {
        name: `Name ${turn}`,
      });
      expect(await getUser(running.client, renamed.body)).toMatchObject({
        name: `Name ${turn}`,
        version: turn + 2,
      });
    }
  });

  it('searches among at least what the caller has written', async () => {
    for (let turn = 0; turn < 10; turn++) {
      const { email, position } = await createUser(running.client);
      const path = `/v1/users?email=${encodeURIComponent(email)}`;
      const found = await running.client.get<UserPage>(path, { 'Min-Event-Position': position });
      expect(found.body.items.map((user) => user.email)).toEqual([email]);
      expect(BigInt(found.headers.get('Event-Position') ?? 0)).toBeGreaterThanOrEqual(BigInt(position));
    }
  });

  it('is answered for each of many callers who write at the same time', async () => {
    const writeAndRead = async () => {
      const created = await createUser(running.client);
      return (await getUser(running.client, created)).userId === created.userId;
    };
    const seen = await Promise.all(Array.from({ length: 40 }, writeAndRead));
    expect(seen).toEqual(Array(40).fill(true));
  });

  it('sees that a user does not exist rather than that the read model is behind', async () => {
    const { position } = await createUser(running.client);
    const got = await running.client.get(`/v1/users/${randomUUID()}`, { 'Min-Event-Position': position });
    expectRefused(got, 404, 'user-not-found');
  });

  it('of a position that is reached meanwhile is answered then', async () => {
    const { userId, position } = await createUser(running.client);
    const next = String(BigInt(position) + 1n);
    const headers = { 'Min-Event-Position': next, Prefer: 'wait=10' };
    const waiting = running.client.get<UserBody>(`/v1/users/${userId}`, headers);
    const first = await Promise.race([
      waiting,
      new Promise((resolve) => setTimeout(resolve, 200, 'still waiting')),
    ]);
    expect(first).toBe('still waiting');
    await running.client.put(`/v1/users/${userId}/name`, { name: 'Changed meanwhile' });
    const { status, body } = await waiting;
    expect([status, body.name]).toEqual([200, 'Changed meanwhile']);
  });
});

describe('a position beyond the log', () => {
  it.each([
    ['wait=1', 900],
    ['respond-async, wait=1', 900],
    ['wait=0', 0],
    ['nonsense', 1_900],
  ])('is 503 with Retry-After after the wait of Prefer: %s', async (prefer, atLeast) => {
    const headers = { 'Min-Event-Position': beyondTheLog, Prefer: prefer };
    const { answer, elapsed } = await timed(() => running.client.get('/v1/users?limit=1', headers));
    expectRefused(answer, 503, 'read-model-behind');
    expect(answer.headers.get('Retry-After')).toMatch(/^[1-9]\d*$/);
    expect(elapsed).toBeGreaterThanOrEqual(atLeast);
    expect(elapsed).toBeLessThan(10_000);
  });

  it('does not keep others waiting', async () => {
    const { userId } = await createUser(running.client);
    const behind = Array.from({ length: 30 }, () =>
      running.client.get(`/v1/users/${userId}`, { 'Min-Event-Position': beyondTheLog, Prefer: 'wait=2' }),
    );
    let open = behind.length;
    for (const one of behind) void one.then(() => open--);
    const created = await createUser(running.client);
    await getUser(running.client, created);
    expect(open).toBe(30);
    for (const one of await Promise.all(behind)) expectRefused(one, 503, 'read-model-behind');
  });
});

describe('Min-Event-Position', () => {
  it.each(['x', '-1', '+1', '1.5', '1e3', '0x10', '"1"', '1, 2', '9223372036854775808', '1'.repeat(400), ''])(
    '%j is malformed',
    async (given) => {
      const { userId } = await createUser(running.client);
      const headers = { 'Min-Event-Position': given };
      for (const path of [`/v1/users/${userId}`, '/v1/users']) {
        expectInvalid(await running.client.get(path, headers), '#/headers/Min-Event-Position');
      }
    },
  );

  it('0 waits for nothing', async () => {
    const found = await running.client.get('/v1/users?limit=1', {
      'Min-Event-Position': '0',
      Prefer: 'wait=0',
    });
    expect(found.status).toBe(200);
  });
});
