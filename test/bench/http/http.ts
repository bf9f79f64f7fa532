import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { figureOf } from '../measure';
import { Cell, Section } from '../report';
import { BenchSystem } from '../system';
import { HttpRequest, load } from './load';
import { Server, startNoOp, startService } from './servers';

export interface HttpPlan {
  readonly rounds: number;
  readonly roundMs: number;
}

const connectionCounts = [32, 128];
/** Rounds before the first that counts: until then much of the code is not compiled. */
const warmUps = 2;

/** Both routes, on the no-op and on the built service, which has a database of its own in the same server. */
export async function http({ pool, url }: BenchSystem, plan: HttpPlan): Promise<Section> {
  await pool.query('CREATE DATABASE bench_http');
  const database = new URL(url);
  database.pathname = '/bench_http';
  const folder = await mkdtemp(join(tmpdir(), 'annals-bench-http-'));
  const noOp = await startNoOp(folder);
  const service = await startService(database.href, folder);
  try {
    // Reading first: what is created leaves work to the subscriptions.
    const cells = [
      ...(await getCells([noOp, service], plan)),
      ...(await postCells([noOp, service], plan, database.href)),
    ];
    return { title: 'HTTP requests a second, against a route that validates and does nothing', cells };
  } finally {
    for (const server of [noOp, service]) await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Load extends HttpPlan {
  readonly connections: number;
  /** Waits, outside the time of a round, until its work is done. */
  readonly settle: () => Promise<void>;
}

type Servers = readonly [noOp: Server, service: Server];

async function postCells(servers: Servers, plan: HttpPlan, database: string): Promise<readonly Cell[]> {
  const pool = new Pool({ connectionString: database, max: 1 });
  const cells: Cell[] = [];
  let acknowledged = 0;
  try {
    for (const connections of connectionCounts) {
      const load = { ...plan, connections, settle: () => caughtUp(pool) };
      const { figures, answered } = await compare(servers, createUser, load);
      acknowledged += answered[1] ?? 0;
      cells.push({ column: `POST /v1/users, ${connections} connections`, figures });
    }
    const stored = await usersCreated(pool);
    if (stored < acknowledged)
      throw new Error(`${stored} users are stored, where ${acknowledged} were acknowledged.`);
    return cells;
  } finally {
    await pool.end();
  }
}

async function getCells(servers: Servers, plan: HttpPlan): Promise<readonly Cell[]> {
  const ids = await usersToRead(servers[1]);
  let turn = 0;
  const next = (): HttpRequest => ({ method: 'GET', path: `/v1/users/${ids[turn++ % ids.length]}` });
  const cells: Cell[] = [];
  for (const connections of connectionCounts) {
    const settle = () => Promise.resolve();
    const { figures } = await compare(servers, next, { ...plan, connections, settle });
    cells.push({ column: `GET /v1/users/{id}, ${connections} connections`, figures });
  }
  return cells;
}

/** In turns, after a warm-up; also how many requests each has answered, that of the warm-up included. */
async function compare(
  servers: Servers,
  next: () => HttpRequest,
  { connections, rounds, roundMs, settle }: Load,
) {
  const rates = servers.map((): number[] => []);
  const times = servers.map((): number[] => []);
  const answered = servers.map(() => 0);
  for (let round = -warmUps; round < rounds; round++) {
    for (const [index, server] of servers.entries()) {
      const result = await load(server, next, { connections, ms: roundMs });
      answered[index] = (answered[index] ?? 0) + result.answered;
      await settle();
      if (round < 0) continue;
      rates[index]?.push(result.perSecond);
      for (const time of result.times) times[index]?.push(time);
    }
  }
  const figures = servers.map(({ name }, index) => figureOf(name, rates[index] ?? [], times[index] ?? []));
  return { figures, answered };
}

let created = 0;

function createUser(): HttpRequest {
  const body = { name: 'Ada Lovelace', email: `ada.${++created}@example.com` };
  return { method: 'POST', path: '/v1/users', body: JSON.stringify(body) };
}

/** Waits for the subscriptions: what they still have to do must not weigh on the round of another. */
async function caughtUp(pool: Pool): Promise<void> {
  const text =
    'SELECT (SELECT min(position) FROM annals.subscriptions) >= (SELECT head FROM annals.event_log) AS is_there';
  for (let tries = 0; tries < 600; tries++) {
    const { rows } = await pool.query<{ is_there: boolean }>(text);
    if (rows[0]?.is_there) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('The subscriptions of the service do not catch up.');
}

async function usersCreated(pool: Pool): Promise<number> {
  const text = "SELECT count(*)::integer AS count FROM annals.events WHERE event_type = 'UserCreated'";
  const { rows } = await pool.query<{ count: number }>(text);
  return rows[0]?.count ?? 0;
}

/** Users of the service that its read model has. */
async function usersToRead({ url, headers }: Server): Promise<readonly string[]> {
  const ids: string[] = [];
  while (ids.length < 500) {
    const some = Array.from({ length: 20 }, () => uuidv7());
    await Promise.all(
      some.map((userId) =>
        fetch(`${url}/v1/users`, {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json' },
          body: JSON.stringify({ userId, name: 'Ada Lovelace', email: `${userId}@example.com` }),
        }),
      ),
    );
    ids.push(...some);
  }
  const last = `${url}/v1/users/${ids.at(-1)}`;
  for (let tries = 0; (await fetch(last, { headers })).status !== 200; tries++) {
    if (tries === 600) throw new Error('The read model of the service does not catch up.');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return ids;
}
