import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort } from '../../../src/platform/embedded-postgres/free-port';
import type { CrudWrites } from './rival/write-user';

export interface Server {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  /** The name of the database that only it uses; none where it has no database. */
  readonly database?: string;
  readonly headers: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Where a server is started. */
export interface Place {
  /** Of a database that only this server uses. */
  readonly databaseUrl: string;
  /** For its log. */
  readonly folder: string;
}

/**
 * The built service as it is deployed: production, an API key, a line in the log for each request. Only its rate limit is lifted.
 * `dist`: the folder of a build; this one's, or another's that is compared with it.
 */
export function startService(place: Place, name = 'Annals', dist = 'dist'): Promise<Server> {
  return start(name, [join(resolve(dist), 'main.js')], place, {
    readyPath: '/health/ready',
    environment: { DATABASE_POOL_SIZE: '20', SHUTDOWN_GRACE_MS: '0' },
  });
}

/** What a team writes instead. It has as many connections as the two pools of the service have together. */
export function startCrud(place: Place, name: string, writes: CrudWrites): Promise<Server> {
  return start(name, [join(__dirname, 'rival', 'crud.js')], place, {
    readyPath: '/',
    environment: { DATABASE_POOL_SIZE: '30', CRUD_WRITES: writes },
  });
}

export async function startNoOp(folder: string): Promise<Server> {
  const place = { databaseUrl: '', folder };
  const server = await start('no-op', [join(__dirname, 'no-op.js')], place, {
    readyPath: '/',
    environment: {},
  });
  return { ...server, database: undefined };
}

interface Setup {
  readonly readyPath: string;
  readonly environment: Readonly<Record<string, string>>;
}

async function start(
  name: string,
  args: string[],
  { databaseUrl, folder }: Place,
  { readyPath, environment }: Setup,
): Promise<Server> {
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const key = `ann_${randomBytes(32).toString('base64url')}`;
  const common = {
    PORT: port,
    NODE_ENV: 'production',
    DATABASE_URL: databaseUrl,
    API_KEYS: `bench/admin/${createHash('sha256').update(key).digest('hex')}`,
    RATE_LIMIT: '1000000000',
  };
  const log = join(folder, `${name.replaceAll(/\W+/g, '-')}.log`);
  const child = spawnNode(args, { ...common, ...environment }, log);
  const exited = once(child, 'exit');
  for (let tries = 0; !(await isReady(url + readyPath)); tries++) {
    if (tries > 600 || child.exitCode !== null)
      throw new Error(`${name} does not answer:\n${readFileSync(log, 'utf8').slice(-4_000)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    name,
    url,
    pid: child.pid ?? 0,
    database: databaseUrl && new URL(databaseUrl).pathname.slice(1),
    headers: { authorization: `Bearer ${key}` },
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}

function spawnNode(args: string[], environment: Readonly<Record<string, string>>, log: string): ChildProcess {
  // A file, not a pipe: this process has the load to make, and no time to read along.
  const output = openSync(log, 'w');
  const { PATH = '', HOME = '' } = process.env;
  return spawn(process.execPath, [...(process.env.BENCH_NODE_ARGS?.split(' ') ?? []), ...args], {
    env: { PATH, HOME, ...environment },
    stdio: ['ignore', output, output],
  });
}

/** An answer that is no refusal of the server's own; a path that is not routed shows that it listens. */
async function isReady(url: string): Promise<boolean> {
  const response = await fetch(url).catch(() => undefined);
  return response !== undefined && response.status < 500;
}
