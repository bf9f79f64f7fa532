import { Agent, get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'pg';
import { adminKey } from '../support/admin-key';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { portForGood } from './fixed-port-postgres';
import { endPrograms, type Environment, type Service, startService } from './program';
import { report, roundsOf, timeFor } from './rounds';
import { StrictClients } from './strict-clients';
import { until } from './until';

const rounds = roundsOf(2, 50);
let database: TestDatabase;
let pool: Pool;
let environment: Environment;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 2 });
  environment = {
    DATABASE_URL: database.url,
    ALLOW_UNSAFE_DATABASE_SETTINGS: 'true',
    // One that outlives a restart.
    ...adminKey.variables,
  };
});

afterAll(async () => {
  await endPrograms();
  await pool?.end();
  await database?.drop();
});

async function countEvents(): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    'SELECT count(*)::integer AS count FROM annals.events',
  );
  return rows[0]?.count ?? 0;
}

async function leasesOf(pid: number): Promise<string[]> {
  const { rows } = await pool.query<{ owner: string }>(
    'SELECT owner FROM annals.subscriptions WHERE owner LIKE $1',
    [`%/${pid}/%`],
  );
  return rows.map(({ owner }) => owner);
}

/** Status of /health/ready over a connection that is kept; 0 when it cannot be had. */
function readiness(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve) => {
    get(`${url}/health/ready`, { agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    }).on('error', () => resolve(0));
  });
}

/** Stops it as an orchestrator does, and sees it say so, end in order, and leave no lease behind. */
async function stop(service: Service): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  await until('it is ready', async () => (await readiness(service.url, agent)) === 200);
  const exited = service.end('SIGTERM');
  let status = 200;
  while (status === 200) status = await readiness(service.url, agent);
  agent.destroy();
  expect(status).toBe(503);
  expect(await exited).toBe(0);
  expect(await leasesOf(service.pid)).toEqual([]);
}

it(
  'a service that is restarted under load drops no request, and hands its leases to the next',
  async () => {
    const clients = new StrictClients({ clients: 8, keepAlive: true });
    const before = await countEvents();
    const port = await portForGood();
    clients.start(() => `http://127.0.0.1:${port}`);
    for (let round = 1; round <= rounds; round++) {
      const service = await startService({ ...environment, PORT: String(port), SHUTDOWN_GRACE_MS: '1000' });
      await clients.acknowledges(20);
      await until('it projects', async () => (await leasesOf(service.pid)).length === 2);
      await stop(service);
    }
    await clients.stop();
    const { acknowledged, refused, dropped } = clients;
    report('restarts', { rounds, acknowledged, refused, dropped: dropped.length });
    expect(dropped).toEqual([]);
    expect((await countEvents()) - before).toBe(acknowledged);
  },
  timeFor(rounds),
);

it(
  'two services that are restarted in turn behind a balancer that asks for readiness drop no request, of new connections either',
  async () => {
    const services = await Promise.all([startRolling(), startRolling()]);
    const ready = new Set<string>();
    const watching = new AbortController();
    const watch = watchReadiness(services, ready, watching.signal);
    const clients = new StrictClients({ clients: 4, keepAlive: false });
    const before = await countEvents();
    let turn = 0;
    clients.start(() => [...ready][turn++ % Math.max(1, ready.size)]);
    for (let round = 1; round <= rounds; round++) {
      await clients.acknowledges(20);
      const index = round % 2;
      await stop(services[index] as Service);
      services[index] = await startRolling();
    }
    await clients.acknowledges(20);
    await clients.stop();
    watching.abort();
    await watch;
    const { acknowledged, refused, dropped } = clients;
    report('rolling restarts', { rounds, acknowledged, refused, dropped: dropped.length });
    expect(dropped).toEqual([]);
    expect((await countEvents()) - before).toBe(acknowledged);
    for (const service of services) await stop(service);
  },
  timeFor(rounds),
);

const startRolling = () => startService({ ...environment, SHUTDOWN_GRACE_MS: '2000' });

/** What a load balancer does: asks each server again and again, and keeps the list of those that are ready. */
async function watchReadiness(
  services: readonly Service[],
  ready: Set<string>,
  end: AbortSignal,
): Promise<void> {
  const agent = new Agent({ keepAlive: false });
  while (!end.aborted) {
    const answers = await Promise.all(
      services.map(async ({ url }) => ({ url, isReady: (await readiness(url, agent)) === 200 })),
    );
    ready.clear();
    for (const { url, isReady } of answers) if (isReady) ready.add(url);
    await delay(50);
  }
}
