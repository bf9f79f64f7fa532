import { Client as Postgres } from 'pg';
import { startService } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { waitUntil } from '../support/wait-until';
import { Client } from './client';
import { newEmail } from './users';

// Starts several processes, and servers of its own: on a busy machine that takes long.
jest.setTimeout(180_000);

let database: TestDatabase;
let sql: Postgres;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = new Postgres({ connectionString: database.url });
  await sql.connect();
});

afterAll(async () => {
  await sql?.end();
  await database?.drop();
});

/** Keeps every append waiting until the transaction ends. */
async function holdAppends(): Promise<void> {
  await sql.query('BEGIN');
  await sql.query('SELECT FROM event_log FOR UPDATE');
}

async function isWaiting(): Promise<boolean> {
  const { rows } = await sql.query(
    "SELECT FROM pg_stat_activity WHERE application_name = 'annals event store' AND wait_event_type = 'Lock' AND datname = current_database()",
  );
  return rows.length > 0;
}

describe('a service that is told to stop', () => {
  it('is not ready any more but alive, and answers the request that it is working on', async () => {
    const service = await startService({ DATABASE_URL: database.url, SHUTDOWN_GRACE_MS: '5000' });
    const client = new Client(service.url);
    await holdAppends();
    const answer = client.post('/v1/users', { name: 'Ada', email: newEmail() });
    await waitUntil(isWaiting);
    const exited = service.end('SIGTERM');
    await waitUntil(async () => (await client.get('/health/ready')).status === 503);
    expect((await client.get('/health/ready')).body).toMatchObject({ checks: { process: 'shutting down' } });
    expect((await client.get('/health/live')).status).toBe(200);
    await sql.query('COMMIT');
    expect((await answer).status).toBe(201);
    expect(await exited).toBe(0);
    expect((await sql.query('SELECT FROM subscriptions WHERE owner IS NOT NULL')).rows).toEqual([]);
  });

  it('waits for that request, without a grace too', async () => {
    const service = await startService({ DATABASE_URL: database.url, SHUTDOWN_GRACE_MS: '0' });
    await holdAppends();
    const answer = new Client(service.url).post('/v1/users', { name: 'Ada', email: newEmail() });
    await waitUntil(isWaiting);
    const exited = service.end('SIGTERM');
    await waitUntil(() => Promise.resolve(/SIGTERM: stopping/.test(service.output())));
    await waitUntil(() => isRefused(service.url));
    await sql.query('COMMIT');
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
    await holdAppends();
    const answer = new Client(service.url)
      .post('/v1/users', { name: 'Ada', email: newEmail() })
      .catch(() => 'no answer');
    await waitUntil(isWaiting);
    expect(await service.end('SIGTERM')).toBe(1);
    expect(service.output()).toMatch(/Not stopped after 1000 ms, giving up: 1 requests have no answer yet\./);
    await sql.query('COMMIT');
    expect(await answer).toBe('no answer');
  });
});

async function isRefused(url: string): Promise<boolean> {
  return fetch(`${url}/health/live`, { headers: { Connection: 'close' } }).then(
    () => false,
    () => true,
  );
}
