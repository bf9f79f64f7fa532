import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../../src/platform/embedded-postgres/free-port';

export interface Server {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** The built service as it is deployed: production, an API key, a line in the log for each request. Only its rate limit is lifted. */
export async function startService(databaseUrl: string, folder: string): Promise<Server> {
  const key = `ann_${randomBytes(32).toString('base64url')}`;
  const sha256 = createHash('sha256').update(key).digest('hex');
  return start('Annals', [join(process.cwd(), 'dist', 'main.js')], folder, {
    headers: { authorization: `Bearer ${key}` },
    readyPath: '/health/ready',
    environment: {
      NODE_ENV: 'production',
      DATABASE_URL: databaseUrl,
      API_KEYS: `bench/users:write/${sha256}`,
      RATE_LIMIT: '1000000000',
      DATABASE_POOL_SIZE: '20',
      SHUTDOWN_GRACE_MS: '0',
    },
  });
}

export function startNoOp(folder: string): Promise<Server> {
  return start('no-op', [join(__dirname, 'no-op.js')], folder, {
    headers: {},
    readyPath: '/v1/users/0190f0a0-0000-7000-8000-000000000000',
    environment: { NODE_ENV: 'production' },
  });
}

interface Setup {
  readonly headers: Readonly<Record<string, string>>;
  readonly readyPath: string;
  readonly environment: Readonly<Record<string, string>>;
}

async function start(name: string, args: string[], folder: string, setup: Setup): Promise<Server> {
  const { headers, readyPath, environment } = setup;
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  // A file, not a pipe: this process has the load to make, and no time to read along.
  const log = join(folder, `${name}.log`);
  const output = openSync(log, 'w');
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [...(process.env.BENCH_NODE_ARGS?.split(' ') ?? []), ...args], {
    env: { PATH, HOME, PORT: port, ...environment },
    stdio: ['ignore', output, output],
  });
  const exited = once(child, 'exit');
  for (let tries = 0; !(await isReady(url + readyPath)); tries++) {
    if (tries > 600 || child.exitCode !== null)
      throw new Error(`${name} does not answer:\n${readFileSync(log, 'utf8').slice(-4_000)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    name,
    url,
    headers,
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(url).catch(() => undefined);
  return response?.ok === true;
}
