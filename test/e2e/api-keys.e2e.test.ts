import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../support/run-command';
import { type ProgramResult, runProgram, startService } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { Client, expectRefused } from './client';
import { eventually, type Folder, jsonLines, runInShell, temporaryFolder } from './command-line';
import { createUser, historyOf } from './users';

// Each test runs several programs, one after the other.
jest.setTimeout(240_000);

let database: TestDatabase;
let folder: Folder;
let file: string;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  folder = await temporaryFolder();
  file = await folder.write('keys', []);
});
afterEach(() => folder.remove());

interface CreatedKey {
  readonly id: string;
  readonly apiKey: string;
  readonly sha256: string;
  readonly entry?: string;
}

const keys = (...args: readonly string[]): Promise<ProgramResult> =>
  runCommand(['--json', 'keys', ...args], { API_KEYS_FILE: file });

async function created(...args: readonly string[]): Promise<CreatedKey> {
  const { code, stdout, stderr } = await keys('create', ...args);
  expect([code, stderr]).toEqual([0, '']);
  const [key] = jsonLines<CreatedKey>(stdout);
  return key as CreatedKey;
}

describe('API keys', () => {
  it('are made, listed and revoked on the command line, and a running service notices', async () => {
    const admin = await created('--role', 'admin', '--id', 'ops');
    expect(readFileSync(file, 'utf8')).not.toContain(admin.apiKey.slice(4));
    const service = await startService({ DATABASE_URL: database.url, API_KEYS_FILE: file });
    expect([service.key, service.output()]).toEqual([undefined, expect.not.stringMatching(/ann_/)]);
    const operator = new Client(service.url, admin.apiKey);
    const { userId } = await createUser(operator);

    const self = await created('--role', 'users:self', '--subject', userId);
    const user = new Client(service.url, self.apiKey);
    await eventually(
      'the new key works',
      async () => (await user.put(`/v1/users/${userId}/name`, { name: 'Me' })).status === 200,
    );
    expectRefused(await user.get(`/v1/users/${userId}/history`), 403, 'forbidden');
    const actors = (await historyOf(operator, userId)).map(({ actor }) => actor);
    expect(actors).toEqual(['key:ops', `key:${self.id}`]);

    const listed = await keys('list');
    expect(listed.stdout).not.toMatch(new RegExp(`ann_|${self.sha256}`));
    expect(jsonLines(listed.stdout)).toEqual([
      [
        { id: 'ops', roles: ['admin'], from: 'API_KEYS_FILE' },
        { id: self.id, roles: ['users:self'], subject: userId, from: 'API_KEYS_FILE' },
      ],
    ]);

    expect((await keys('revoke', self.id)).code).toBe(0);
    await eventually(
      'the revoked key is refused',
      async () => (await user.get(`/v1/users/${userId}`)).status === 401,
    );
    expect((await operator.get('/v1/users')).status).toBe(200);
    expect(await service.end()).toBe(0);
    expect(service.output()).not.toContain(admin.apiKey);
  });

  it('let nobody in while their file cannot be read, and readiness says so', async () => {
    const admin = await created('--role', 'admin', '--id', 'ops');
    const service = await startService({ DATABASE_URL: database.url, API_KEYS_FILE: file });
    const client = new Client(service.url, admin.apiKey);
    const ready = () => new Client(service.url, null).get<{ checks: object }>('/health/ready');
    expect((await client.get('/v1/users')).status).toBe(200);
    expect((await ready()).body.checks).not.toHaveProperty('keys');
    const content = readFileSync(file);
    rmSync(file);
    mkdirSync(file);
    await eventually('the key is refused', async () => (await client.get('/v1/users')).status === 503);
    const refused = await client.get('/v1/users');
    expectRefused(refused, 503, 'unavailable');
    expect(refused.headers.get('Retry-After')).toMatch(/^\d+$/);
    const red = await ready();
    expect([red.status, red.body.checks]).toEqual([
      503,
      expect.objectContaining({ keys: 'the keys file cannot be read' }),
    ]);
    rmSync(file, { recursive: true });
    writeFileSync(file, content);
    await eventually('the key is good again', async () => (await client.get('/v1/users')).status === 200);
    expect((await ready()).status).toBe(200);
    expect(await service.end()).toBe(0);
  });

  it('of a variable and of a file never share an id', async () => {
    const ofFile = await created('--role', 'admin', '--id', 'ops');
    const { entry } = await created('--role', 'admin', '--id', 'ops', '--entry');
    const both = { API_KEYS_FILE: file, API_KEYS: entry ?? '' };
    const started = await runProgram('main.js', [], { DATABASE_URL: database.url, PORT: '0', ...both });
    expect([started.code, started.stderr]).toEqual([
      1,
      expect.stringMatching(/API_KEYS and API_KEYS_FILE both have a key "ops": take one of them out/),
    ]);
    const again = await runCommand(['keys', 'create', '--role', 'admin', '--id', 'ops'], {
      ...both,
      API_KEYS_FILE: `${file}2`,
    });
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringMatching(/API_KEYS has a key "ops" already/),
    ]);
    const revoked = await runCommand(['keys', 'revoke', 'ops'], both);
    expect([revoked.code, revoked.stderr]).toEqual([
      1,
      expect.stringMatching(/API_KEYS has a key "ops", and it stays valid/),
    ]);
    expect(readFileSync(file, 'utf8')).not.toContain(ofFile.sha256);
  });

  it('of a variable need no file', async () => {
    const { apiKey, entry = '' } = await created('--role', 'users:read', '--role', 'users:write', '--entry');
    expect(readFileSync(file, 'utf8')).toBe('');
    const service = await startService({ DATABASE_URL: database.url, API_KEYS: entry });
    const client = new Client(service.url, apiKey);
    await createUser(client);
    expectRefused(await client.get('/v1/admin/events'), 403, 'forbidden');
    expectRefused(await client.as(null).get('/v1/users'), 401, 'unauthenticated');
    expect(await service.end()).toBe(0);
  });

  it('that cannot be are not made, and the command says why', async () => {
    await created('--role', 'admin', '--id', 'ops');
    const attempts = [
      [['create'], /required option '--role/],
      [['create', '--role', 'root'], /Allowed choices are users:read, users:write, users:self, admin/],
      [['create', '--role', 'users:self'], /users:self needs a subject/],
      [['create', '--role', 'admin', '--id', 'a b'], /an id is 1 to 64 of/],
      [['create', '--role', 'admin', '--id', 'ops'], /There is a key \\?"ops\\?" already/],
      [['revoke', 'nobody'], /no such key/],
    ] as const;
    for (const [args, message] of attempts) {
      const { code, stdout, stderr } = await keys(...args);
      expect([args, code, stdout]).toEqual([args, 1, '']);
      expect(stderr).toMatch(message);
    }
    const homeless = await runProgram('cli.js', ['keys', 'create', '--role', 'admin'], {});
    expect([homeless.code, homeless.stderr]).toEqual([1, expect.stringMatching(/API_KEYS_FILE is not set/)]);
    expect(readFileSync(file, 'utf8').match(/\n/g)).toHaveLength(1);
  });
});

describe('a start without authentication', () => {
  const productionWith = (variables: Readonly<Record<string, string>>) =>
    runProgram('main.js', [], {
      NODE_ENV: 'production',
      DATABASE_URL: database.url,
      PORT: '0',
      ...variables,
    });

  it('is refused in production, where the operator’s commands go on', async () => {
    const { code, stdout, stderr } = await productionWith({});
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /Authentication is not configured, and production does not start without it: set /,
    );
    const environment = { NODE_ENV: 'production', HOST: '0.0.0.0', DATABASE_URL: database.url };
    expect((await runProgram('cli.js', ['migrate'], environment)).code).toBe(0);
  });

  it('is refused where the keys file is not there or cannot be read', async () => {
    const missing = await productionWith({ API_KEYS_FILE: join(file, '..', 'none') });
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringMatching(/does not exist: make it with "keys create/),
    ]);
    const broken = await folder.write('broken', ['ops/admin/ann_secret']);
    const unreadable = await productionWith({ API_KEYS_FILE: broken });
    expect([unreadable.code, unreadable.stderr]).toEqual([
      1,
      expect.stringMatching(/broken, line 1: it must be/),
    ]);
    expect(unreadable.stderr).not.toContain('secret');
  });

  it.each(['0.0.0.0', 'example.com'])('is refused on the host %s', async (HOST) => {
    const { code, stdout, stderr } = await runProgram('main.js', [], {
      DATABASE_URL: database.url,
      HOST,
      PORT: '0',
    });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(`HOST is ${HOST}, but without authentication it must be loopback`);
  });

  it('in development makes a key for this run, leaves it to its owner, and takes it away when it stops', async () => {
    const environment = { DATABASE_URL: database.url, DATA_DIR: join(file, '..', 'data') };
    const first = await startService(environment);
    const second = await startService(environment);
    expect(first.output()).toMatch(/^API key \(admin, this run\): ann_[A-Za-z0-9_-]{43}$/m);
    expect(first.key).not.toBe(second.key);
    const left = join(environment.DATA_DIR, `api-key.${new URL(first.url).port}`);
    expect(readFileSync(left, 'utf8')).toBe(`${first.key}\n`);
    expect(statSync(left).mode & 0o777).toBe(0o600);
    const client = new Client(first.url);
    const { userId } = await createUser(client);
    expect((await historyOf(client, userId)).map(({ actor }) => actor)).toEqual(['key:development']);
    expect((await client.get('/v1/admin/events')).status).toBe(200);
    expectRefused(await new Client(second.url, first.key).get('/v1/users'), 401, 'unauthenticated');
    expect(await first.end()).toBe(0);
    expect(existsSync(left)).toBe(false);
    expect(await second.end('SIGINT')).toBe(0);
  });

  it('in development is enough for the demo, which finds the key by itself', async () => {
    const environment = { DATABASE_URL: database.url, DATA_DIR: join(file, '..', 'data') };
    const service = await startService(environment);
    const run = (variables: NodeJS.ProcessEnv) =>
      runInShell(`${process.execPath} test/demo/run-demo.mjs ${service.url}`, variables);
    const without = await run({ DATA_DIR: 'nowhere' });
    expect([without.code, without.stderr]).toEqual([
      1,
      expect.stringMatching(/ANNALS_API_KEY=ann_… npm run demo/),
    ]);
    const found = await run({ DATA_DIR: environment.DATA_DIR });
    // Whether the read model is there within the demo's own patience depends on the machine; the credentials do not.
    expect(found.stdout).toMatch(/^Create .*: 1000 × 201$/m);
    const other = await run({ DATA_DIR: environment.DATA_DIR, ANNALS_API_KEY: 'ann_wrong' });
    expect([other.code, other.stderr]).toEqual([1, without.stderr]);
    expect(await service.end()).toBe(0);
  });
});
