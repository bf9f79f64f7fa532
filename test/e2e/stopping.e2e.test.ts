import { startService } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { waitUntil } from '../support/wait-until';
import { Client } from './client';
import { query } from './command-line';
import { lockLog } from './locked-log';
import { newEmail } from './users';

// Starts several processes, and servers of its own: on a busy machine that takes long.
jest.setTimeout(180_000);

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await database?.drop();
});

describe('a service that is told to stop', () => {
  it('is not ready any more but alive, and answers the request that it is working on', async () => {
    const service = await startService({ DATABASE_URL: database.url, SHUTDOWN_GRACE_MS: '5000' });
    const client = new Client(service.url);
    const log = await lockLog(database.url);
    const answer = client.post('/v1/users', { name: 'Ada', email: newEmail() });
    await log.isAwaited();
    const exited = service.end('SIGTERM');
    await waitUntil(async () => (await client.get('/health/ready')).status === 503);
    expect((await client.get('/health/ready')).body).toMatchObject({ checks: { process: 'shutting down' } });
    expect((await client.get('/health/live')).status).toBe(200);
    await log.unlock();
    expect((await answer).status).toBe(201);
    expect(await exited).toBe(0);
    expect(await query(database.url, 'SELECT FROM annals.subscriptions WHERE owner IS NOT NULL')).toEqual([]);
  });

  it('waits for that request, without a grace too', async () => {
    const service = await startService({ DATABASE_URL: database.url, SHUTDOWN_GRACE_MS: '0' });
    const log = await lockLog(database.url);
    const answer = new Client(service.url).post('/v1/users', { name: 'Ada', email: newEmail() });
    await log.isAwaited();
    const exited = service.end('SIGTERM');
    await waitUntil(() => Promise.resolve(/SIGTERM: stopping/.test(service.output())));
    await waitUntil(() => isRefused(service.url));
    await log.unlock();
    expect((await answer).status).toBe(201);
    expect((await answer).headers.get('Connection')).toBe('close');
    expect(await exited).toBe(0);
  });

  it('gives up in the end, exits with 1, and says what it waited for', async () => {
    const service = await startService({
      DATABASE_URL: database.url,
      SHUTDOWN_GRACE_MS: '0',
      SHUTDOWN_TIMEOUT_MS: '1000',
    });
    const log = await lockLog(database.url);
    const answer = new Client(service.url)
      .post('/v1/users', { name: 'Ada', email: newEmail() })
      .catch(() => 'no answer');
    await log.isAwaited();
    expect(await service.end('SIGTERM')).toBe(1);
    expect(service.output()).toMatch(/Not stopped after 1000 ms, giving up: 1 requests have no answer yet\./);
    await log.unlock();
    expect(await answer).toBe('no answer');
  });
});

async function isRefused(url: string): Promise<boolean> {
  return fetch(`${url}/health/live`, { headers: { Connection: 'close' } }).then(
    () => false,
    () => true,
  );
}
