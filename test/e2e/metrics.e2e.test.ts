import { randomUUID } from 'node:crypto';
import { startService, type ServiceProcess } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { Client } from './client';
import { eventually, query } from './command-line';
import { type DatabaseProxy, proxyTo } from './database-proxy';
import { scrape, type Scrape, valueOf } from './scrape';
import { createUser, getUser, newEmail } from './users';

let database: TestDatabase;
let proxy: DatabaseProxy;
let service: ServiceProcess;
let client: Client;
beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await proxyTo(database.url);
  service = await startService({ DATABASE_URL: proxy.url });
  client = new Client(service.url);
});
afterAll(async () => {
  const code = await service.end();
  await proxy.cut();
  await database.drop();
  expect(code).toBe(0);
});

const subscriptions = ['users', 'welcome-message'];

/** Scrapes until this process has counted every event in both, and their status, a second old at most, says so too. */
async function settled(): Promise<Scrape> {
  const [log] = await query<{ head: string }>(
    database.url,
    'SELECT COALESCE(max(position), 0) AS head FROM annals.events',
  );
  let last = await scrape(service.url);
  await eventually('the subscriptions have seen everything', async () => {
    last = await scrape(service.url);
    return subscriptions.every(
      (subscription) =>
        valueOf(last, 'annals_subscription_events_total', { subscription }) === Number(log?.head) &&
        valueOf(last, 'annals_subscription_lag_events', { subscription }) === 0 &&
        valueOf(last, 'annals_subscription_state', { subscription, state: 'running' }) === 1,
    );
  });
  return last;
}

describe('a scrape', () => {
  it('is in the text format of Prometheus, each metric with its help and type', async () => {
    const { status, contentType, text, types, samples } = await scrape(service.url);
    expect([status, contentType]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    for (const name of types.keys()) expect(text).toContain(`# HELP ${name} `);
    expect(samples.length).toBeGreaterThan(0);
    expect([...types.keys()].filter((name) => !/^(annals|process|nodejs)_[a-z0-9_]+$/.test(name))).toEqual(
      [],
    );
  });

  it('names counters `_total`, and times `_seconds`', async () => {
    const { types } = await scrape(service.url);
    for (const [name, type] of types) {
      if (!name.startsWith('annals_')) continue;
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      expect(name).not.toMatch(/milliseconds|_ms\b/);
    }
  });

  it('counts requests by method, template of the route and status', async () => {
    const before = await scrape(service.url);
    const user = await createUser(client);
    await getUser(client, user);
    await client.get(`/v1/users/${randomUUID()}`);
    await client.get(`/v1/nothing/${user.userId}?email=${user.email}`);
    await client.send('DELETE', `/v1/users/${user.userId}`);
    const after = await scrape(service.url);
    const grown = (method: string, route: string, status: number): number => {
      const labels = { method, route, status: String(status) };
      const name = 'annals_http_request_duration_seconds_count';
      const count = (valueOf(after, name, labels) ?? 0) - (valueOf(before, name, labels) ?? 0);
      const total = 'annals_http_requests_total';
      expect((valueOf(after, total, labels) ?? 0) - (valueOf(before, total, labels) ?? 0)).toBe(count);
      return count;
    };
    expect(grown('POST', '/v1/users', 201)).toBe(1);
    expect(grown('GET', '/v1/users/:userId', 200)).toBe(1);
    expect(grown('GET', '/v1/users/:userId', 404)).toBe(1);
    expect(grown('GET', 'unmatched', 404)).toBe(1);
    expect(grown('DELETE', 'unmatched', 405)).toBe(1);
    expect(grown('GET', '/metrics', 200)).toBe(1);
    expect(after.text).not.toContain(user.userId);
    expect(after.text).not.toContain(user.email);
  });

  it('counts a request that its client gave up as 499', async () => {
    const user = await createUser(client);
    const giveUp = AbortSignal.timeout(300);
    const waiting = fetch(`${service.url}/v1/users/${user.userId}`, {
      headers: {
        Authorization: `Bearer ${service.key}`,
        'Min-Event-Position': '999999',
        Prefer: 'wait=10',
      },
      signal: giveUp,
    });
    await expect(waiting).rejects.toThrow();
    await eventually('it is counted', async () => {
      const labels = { method: 'GET', route: '/v1/users/:userId', status: '499' };
      return valueOf(await scrape(service.url), 'annals_http_requests_total', labels) === 1;
    });
  });

  it('counts appends, batches, conflicts and taken claims', async () => {
    const before = await settled();
    const user = await createUser(client);
    expect((await client.post('/v1/users', { name: 'A', email: user.email })).status).toBe(409);
    const again = { name: 'A', email: newEmail(), userId: user.userId };
    expect((await client.post('/v1/users', again)).status).toBe(409);
    const after = await settled();
    const grown = (name: string, labels = {}): number =>
      (valueOf(after, name, labels) ?? 0) - (valueOf(before, name, labels) ?? 0);
    expect(grown('annals_append_batch_appends_sum')).toBe(3);
    expect(grown('annals_append_batch_appends_count')).toBe(3);
    expect(grown('annals_append_batch_duration_seconds_count', { outcome: 'answered' })).toBe(3);
    expect(grown('annals_append_events_total')).toBe(3);
    expect(grown('annals_append_conflicts_total')).toBe(1);
    expect(grown('annals_claims_taken_total', { scope: 'user.email' })).toBe(1);
    expect(valueOf(after, 'annals_append_queue_length')).toBe(0);
  });

  it('has both pools, and the delay of the event loop', async () => {
    const now = await scrape(service.url);
    for (const pool of ['event_store', 'read_models']) {
      expect(valueOf(now, 'annals_pg_pool_connections', { pool })).toBeGreaterThan(0);
      expect(valueOf(now, 'annals_pg_pool_idle_connections', { pool })).toBeGreaterThanOrEqual(0);
      expect(valueOf(now, 'annals_pg_pool_waiting_requests', { pool })).toBe(0);
    }
    expect(valueOf(now, 'nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
  });

  it('tells how the subscriptions stand, and what they did', async () => {
    const before = await settled();
    await createUser(client);
    await eventually('both have seen the event', async () => {
      const now = await scrape(service.url);
      const events = 'annals_subscription_events_total';
      return subscriptions.every(
        (subscription) =>
          valueOf(now, events, { subscription }) !== valueOf(before, events, { subscription }),
      );
    });
    const after = await settled();
    for (const subscription of subscriptions) {
      const labels = { subscription };
      const grown = (name: string): number =>
        (valueOf(after, name, labels) ?? 0) - (valueOf(before, name, labels) ?? 0);
      expect(valueOf(after, 'annals_subscription_state', { ...labels, state: 'running' })).toBe(1);
      expect(valueOf(after, 'annals_subscription_state', labels)).toBe(1);
      expect(valueOf(after, 'annals_subscription_lag_seconds', labels)).toBe(0);
      expect(valueOf(after, 'annals_subscription_parked_events', labels)).toBe(0);
      expect(grown('annals_subscription_events_total')).toBe(1);
      expect(grown('annals_subscription_batch_duration_seconds_count')).toBe(1);
      const leases = { ...labels, change: 'taken' };
      expect(valueOf(after, 'annals_subscription_lease_changes_total', leases)).toBe(1);
      expect(valueOf(after, 'annals_subscription_holes_total', labels)).toBe(0);
      expect(valueOf(after, 'annals_subscription_failures_total', labels)).toBe(0);
    }
  });
});

describe('the metrics of subscriptions', () => {
  it('count what is set aside and tried again', async () => {
    await query(
      database.url,
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
       CREATE TRIGGER refuse BEFORE INSERT ON welcome_messages FOR EACH ROW EXECUTE FUNCTION refuse()`,
    );
    const labels = { subscription: 'welcome-message' };
    await createUser(client);
    await eventually('it was tried again', async () => {
      const now = await scrape(service.url);
      return (valueOf(now, 'annals_subscription_retries_total', labels) ?? 0) > 0;
    });
    await query(database.url, 'DROP TRIGGER refuse ON welcome_messages');
    const now = await scrape(service.url);
    expect(valueOf(now, 'annals_subscription_set_aside_total', labels)).toBe(1);
    expect(valueOf(now, 'annals_subscription_parked_total', labels)).toBe(0);
    await eventually('the stream goes on', async () => {
      const parked = valueOf(await scrape(service.url), 'annals_subscription_parked_events', labels);
      return parked === 0;
    });
  });

  it('tell of a pause, and of the lease that was lost by it', async () => {
    await client.post('/v1/admin/subscriptions/welcome-message/pause');
    const labels = { subscription: 'welcome-message' };
    await eventually('it shows as stopped', async () => {
      const now = await scrape(service.url);
      const lost = valueOf(now, 'annals_subscription_lease_changes_total', { ...labels, change: 'lost' });
      return valueOf(now, 'annals_subscription_state', { ...labels, state: 'stopped' }) === 1 && lost === 1;
    });
    await client.post('/v1/admin/subscriptions/welcome-message/resume');
  });

  it('count a hole in the log, and the failures that it leads to', async () => {
    await settled();
    await query(
      database.url,
      `INSERT INTO annals.events SELECT position + 2, gen_random_uuid(), event_type, schema_version, aggregate_type, 'behind a hole',
         1, timestamp, data, metadata FROM annals.events ORDER BY position DESC LIMIT 1`,
    );
    await createUser(client);
    const labels = { subscription: 'users' };
    await eventually('the hole is seen', async () => {
      const now = await scrape(service.url);
      return (valueOf(now, 'annals_subscription_holes_total', labels) ?? 0) > 0;
    });
    const now = await scrape(service.url);
    expect(valueOf(now, 'annals_subscription_failures_total', labels)).toBeGreaterThan(0);
    await eventually('it shows as failed', async () => {
      const state = { ...labels, state: 'failed' };
      return valueOf(await scrape(service.url), 'annals_subscription_state', state) === 1;
    });
  });
});

describe('while the database is away, a scrape', () => {
  const expectTheRest = (now: Scrape): void => {
    expect(now.status).toBe(200);
    expect(valueOf(now, 'annals_database_reachable')).toBe(0);
    expect(valueOf(now, 'annals_subscription_lag_events')).toBeUndefined();
    expect(valueOf(now, 'annals_http_requests_total')).toBeGreaterThan(0);
    expect(valueOf(now, 'nodejs_eventloop_lag_p99_seconds')).toBeDefined();
  };

  it('answers with the rest, when connections are refused', async () => {
    await proxy.cut();
    try {
      await eventually('the last status is forgotten', async () => {
        return valueOf(await scrape(service.url), 'annals_database_reachable') === 0;
      });
      expectTheRest(await scrape(service.url));
    } finally {
      await proxy.mend();
    }
    await eventually('the database is back', async () => {
      return valueOf(await scrape(service.url), 'annals_database_reachable') === 1;
    });
  });

  it('answers with the rest, when statements hang; and asks the database once, however often it is scraped', async () => {
    const name = new URL(database.url).pathname.slice(1);
    const waiting = `SELECT pid FROM pg_stat_activity WHERE datname = '${name}' AND wait_event_type = 'Lock' AND query LIKE '%parked_count%'`;
    const lock = `LOCK TABLE annals.parked_events IN ACCESS EXCLUSIVE MODE`;
    const release = await holding(lock);
    try {
      await eventually('a scrape gives up', async () => {
        return valueOf(await scrape(service.url), 'annals_database_reachable') === 0;
      });
      const scrapes = await Promise.all(Array.from({ length: 20 }, () => scrape(service.url)));
      scrapes.forEach(expectTheRest);
      // One for all scrapes; the watchdog may ask, too.
      expect((await query(database.url, waiting)).length).toBeLessThanOrEqual(2);
    } finally {
      await release();
    }
  });
});

/** Runs the statement in a transaction that stays open until it is released. */
async function holding(sql: string): Promise<() => Promise<void>> {
  const { Client: Postgres } = await import('pg');
  const session = new Postgres({ connectionString: database.url });
  await session.connect();
  await session.query('BEGIN');
  await session.query(sql);
  return async () => {
    await session.query('ROLLBACK');
    await session.end();
  };
}
