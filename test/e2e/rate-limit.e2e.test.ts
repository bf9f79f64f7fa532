import { formatEntry, newApiKey, sha256Of } from '../../src/platform/auth/api-key';
import type { Role } from '../../src/platform';
import { startService, type ServiceProcess } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { type Answer, Client, expectRefused } from './client';

const LIMIT = 20;
const key = (id: string, role: Role) => {
  const apiKey = newApiKey();
  return { apiKey, entry: formatEntry({ id, roles: [role], sha256: sha256Of(apiKey) }) };
};
const [one, two, three] = [key('one', 'users:read'), key('two', 'users:read'), key('three', 'users:read')];

let database: TestDatabase;
let service: ServiceProcess;
beforeAll(async () => {
  database = await createTestDatabase();
  const API_KEYS = [one, two, three].map(({ entry }) => entry).join(',');
  service = await startService({ DATABASE_URL: database.url, API_KEYS, RATE_LIMIT: String(LIMIT) });
});
afterAll(async () => {
  expect(await service.end()).toBe(0);
  await database.drop();
});

/** So many requests at once, far inside the ten seconds. */
async function burst(
  count: number,
  ask: (index: number) => Promise<Answer<unknown>>,
): Promise<Map<number, number>> {
  const answers = await Promise.all(Array.from({ length: count }, (_, index) => ask(index)));
  const statuses = new Map<number, number>();
  for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
  return statuses;
}

describe('the rate limit', () => {
  it('lets a caller send so many requests over all routes, refused ones too, and another caller still its own', async () => {
    const client = new Client(service.url, one.apiKey);
    const paths = ['/v1/users', '/v1/admin/events', '/v1/nothing'];
    const statuses = await burst(LIMIT * 2, (index) => client.get(paths[index % 3] ?? ''));
    expect(statuses.get(429)).toBe(LIMIT);
    expect([statuses.has(200), statuses.has(403), statuses.has(404)]).toEqual([true, true, true]);
    const refused = await client.get('/v1/users');
    expectRefused(refused, 429, 'too-many-requests');
    const seconds = Number(refused.headers.get('Retry-After'));
    expect([seconds >= 1, seconds <= 10]).toEqual([true, true]);
    expect((await new Client(service.url, two.apiKey).get('/v1/users')).status).toBe(200);
  });

  it('counts strangers by their address, and neither callers nor health suffer from them', async () => {
    const bad = [null, 'ann_wrong', 'a.b.c'].map((credentials) => new Client(service.url, credentials));
    const statuses = await burst(LIMIT * 2, (index) => (bad[index % 3] as Client).get('/v1/users'));
    expect([statuses.get(401), statuses.get(429)]).toEqual([LIMIT, LIMIT]);
    expect(await burst(LIMIT * 2, () => new Client(service.url, null).get('/health/live'))).toEqual(
      new Map([[200, LIMIT * 2]]),
    );
    expect((await new Client(service.url, three.apiKey).get('/v1/users')).status).toBe(200);
  });

  it('ends: who waits as long as Retry-After says is let in again', async () => {
    const client = new Client(service.url, three.apiKey);
    await burst(LIMIT * 2, () => client.get('/v1/users'));
    const refused = await client.get('/v1/users');
    expectRefused(refused, 429, 'too-many-requests');
    await new Promise((resolve) => setTimeout(resolve, Number(refused.headers.get('Retry-After')) * 1_000));
    expect((await client.get('/v1/users')).status).toBe(200);
  });
});
