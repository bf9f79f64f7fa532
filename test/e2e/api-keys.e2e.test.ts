import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { refusedStart, runCommand } from '../support/run-command';
import { type ProgramResult, startService } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { waitUntil } from '../support/wait-until';
import { Client, expectRefused } from './client';
import { eventually, type Folder, jsonLines, runInShell, temporaryFolder } from './command-line';
import { createUser, historyOf } from './users';

// Each test runs several programs, one after the other.
jest.setTimeout(240_000);

let database: TestDatabase;
let folder: Folder;
beforeEach(async () => {
  [database, folder] = await Promise.all([createTestDatabase(), temporaryFolder()]);
});
afterEach(async () => {
  await folder.remove();
  await database.drop();
});

interface CreatedKey {
  readonly id: string;
  readonly apiKey: string;
  readonly sha256: string;
  readonly entry?: string;
}

const variables = (more: Readonly<Record<string, string>> = {}) => ({ DATABASE_URL: database.url, ...more });

const keys = (...args: readonly string[]): Promise<ProgramResult> =>
  runCommand(['--json', 'keys', ...args], variables());

async function created(...args: readonly string[]): Promise<CreatedKey> {
  const { code, stdout, stderr } = await keys('create', ...args);
  expect([code, stderr]).toEqual([0, '']);
  const [key] = jsonLines<CreatedKey>(stdout);
  return key as CreatedKey;
}

async function runSql(text: string): Promise<readonly object[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  return client.query<object>(text).then(
    ({ rows }) => client.end().then(() => rows),
    (error: unknown) => client.end().then(() => Promise.reject(error as Error)),
  );
}

describe('API keys', () => {
  it('are made, listed and revoked on the command line, and work in a running service at once', async () => {
    const admin = await created('--role', 'admin', '--id', 'ops');
    const rows = await runSql('SELECT * FROM api_keys');
    expect(JSON.stringify(rows)).not.toContain(admin.apiKey.slice(4));
    const service = await startService(variables());
    expect([service.key, service.output()]).toEqual([undefined, expect.not.stringMatching(/ann_/)]);
    const operator = new Client(service.url, admin.apiKey);
    const { userId } = await createUser(operator);

    const self = await created('--role', 'users:self', '--subject', userId);
    const user = new Client(service.url, self.apiKey);
    expect((await user.put(`/v1/users/${userId}/name`, { name: 'Me' })).status).toBe(200);
    expectRefused(await user.get(`/v1/users/${userId}/history`), 403, 'forbidden');
    const actors = (await historyOf(operator, userId)).map(({ actor }) => actor);
    expect(actors).toEqual(['key:ops', `key:${self.id}`]);

    const time = expect.stringMatching(/^\d{4}-.*Z$/) as string;
    const listed = await keys('list');
    expect(listed.stdout).not.toMatch(new RegExp(`ann_|${self.sha256}`));
    const valid = { from: 'database', createdAt: time, revokedAt: null };
    expect(jsonLines(listed.stdout)).toEqual([
      [
        { id: 'ops', roles: ['admin'], ...valid },
        { id: self.id, roles: ['users:self'], subject: userId, ...valid },
      ],
    ]);

    expect((await keys('revoke', self.id)).code).toBe(0);
    expectRefused(await user.get(`/v1/users/${userId}`), 401, 'unauthenticated');
    expect((await operator.get('/v1/users')).status).toBe(200);
    const [left] = jsonLines<object[]>((await keys('list')).stdout);
    expect(left?.[1]).toMatchObject({ id: self.id, revokedAt: time });
    expect((await keys('revoke', self.id)).code).toBe(0);
    expect((await keys('revoke', 'ops')).code).toBe(0);
    expect(await service.end()).toBe(0);
    expect(service.output()).not.toContain(admin.apiKey);
  });

  it('that are revoked are refused by every process at its next request, also one that lets them in all the time', async () => {
    const ops = await created('--role', 'admin', '--id', 'shared');
    const services = [await startService(variables()), await startService(variables())];
    const clients = services.map(({ url }) => new Client(url, ops.apiKey));
    let isRevoked = false;
    const statusesAfter: number[] = [];
    let hasEnded = false;
    const traffic = clients.map(async (client) => {
      while (!hasEnded) {
        const isAfter = isRevoked;
        const { status } = await client.get('/v1/users');
        if (isAfter) statusesAfter.push(status);
      }
    });
    expect((await keys('revoke', 'shared')).code).toBe(0);
    isRevoked = true;
    await waitUntil(() => Promise.resolve(statusesAfter.length >= 20));
    hasEnded = true;
    await Promise.all(traffic);
    expect([...new Set(statusesAfter)]).toEqual([401]);
    await Promise.all(services.map((service) => service.end()));
  });

  it('let nobody in while the database cannot tell, and readiness says so', async () => {
    const admin = await created('--role', 'admin', '--id', 'closed');
    const service = await startService(variables());
    const client = new Client(service.url, admin.apiKey);
    const ready = () => new Client(service.url, null).get<{ checks: object }>('/health/ready');
    expect((await client.get('/v1/users')).status).toBe(200);
    expect((await ready()).body.checks).not.toHaveProperty('keys');
    await runSql('ALTER TABLE api_keys RENAME TO api_keys_elsewhere');
    await eventually('the key is refused', async () => (await client.get('/v1/users')).status === 503);
    const refused = await client.get('/v1/users');
    expectRefused(refused, 503, 'unavailable');
    expect(refused.headers.get('Retry-After')).toMatch(/^\d+$/);
    expectRefused(await client.as('ann_guess').get('/v1/users'), 503, 'unavailable');
    const red = await ready();
    expect([red.status, red.body.checks]).toEqual([
      503,
      expect.objectContaining({ keys: 'the table api_keys cannot be read' }),
    ]);
    await runSql('ALTER TABLE api_keys_elsewhere RENAME TO api_keys');
    expect((await client.get('/v1/users')).status).toBe(200);
    expectRefused(await client.as('ann_guess').get('/v1/users'), 401, 'unauthenticated');
    expect((await ready()).status).toBe(200);
    expect(await service.end()).toBe(0);
  });

  it('of a file come into the database at a start, where they can be revoked for good', async () => {
    const { apiKey, entry = '' } = await created('--role', 'admin', '--id', 'first', '--entry');
    const file = await folder.write('keys', ['# the first one', entry]);
    const service = await startService(variables({ API_KEYS_FILE: file }));
    const client = new Client(service.url, apiKey);
    expect([service.key, (await client.get('/v1/users')).status]).toEqual([undefined, 200]);
    expect(service.output()).toMatch(/The key "first" of .* is in the database now/);
    expect((await keys('revoke', 'first')).code).toBe(0);
    expectRefused(await client.get('/v1/users'), 401, 'unauthenticated');
    expect(await service.end()).toBe(0);
    const again = await startService(variables({ API_KEYS_FILE: file }));
    expect(again.output()).toMatch(/The key "first" of .* was revoked, and stays so/);
    expectRefused(await new Client(again.url, apiKey).get('/v1/users'), 401, 'unauthenticated');
    expect(await again.end()).toBe(0);

    const other = await created('--role', 'admin', '--id', 'first', '--entry');
    const changed = await folder.write('changed', [other.entry ?? '']);
    const refused = await refusedStart(variables({ API_KEYS_FILE: changed }));
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/a key "first", and the database has another one of this id or this hash/),
    ]);
  });

  it('of a variable and of a file or the database never share an id', async () => {
    const { entry = '' } = await created('--role', 'admin', '--id', 'both', '--entry');
    const file = await folder.write('keys', [entry]);
    const both = variables({ API_KEYS_FILE: file, API_KEYS: entry });
    const started = await refusedStart(both);
    expect([started.code, started.stderr]).toEqual([
      1,
      expect.stringMatching(/API_KEYS and API_KEYS_FILE both have a key "both": take one of them out/),
    ]);
    const again = await runCommand(['keys', 'create', '--role', 'admin', '--id', 'both'], both);
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringMatching(/API_KEYS has a key "both" already/),
    ]);
    const revoked = await runCommand(['keys', 'revoke', 'both'], both);
    expect([revoked.code, revoked.stderr]).toEqual([
      1,
      expect.stringMatching(/API_KEYS has a key "both", and it stays valid/),
    ]);
  });

  it('of a variable are in no table', async () => {
    const { apiKey, entry = '' } = await created('--role', 'users:read', '--role', 'users:write', '--entry');
    const service = await startService(variables({ API_KEYS: entry }));
    const client = new Client(service.url, apiKey);
    await createUser(client);
    expectRefused(await client.get('/v1/admin/events'), 403, 'forbidden');
    expectRefused(await client.as(null).get('/v1/users'), 401, 'unauthenticated');
    expect(await service.end()).toBe(0);
  });

  it('that cannot be are not made, and the command says why', async () => {
    await created('--role', 'admin', '--id', 'taken');
    const attempts = [
      [['create'], /required option '--role/],
      [
        ['create', '--role', 'root'],
        /Allowed choices are users:read, users:write, users:self, admin:read, feed:read, admin/,
      ],
      [['create', '--role', 'users:self'], /users:self needs a subject/],
      [['create', '--role', 'admin', '--id', 'a b'], /an id is 1 to 64 of/],
      [['create', '--role', 'admin', '--id', 'taken'], /There is a key \\?"taken\\?" already, or was one/],
      [['revoke', 'nobody'], /no such key/],
    ] as const;
    for (const [args, message] of attempts) {
      const { code, stdout, stderr } = await keys(...args);
      expect([args, code, stdout]).toEqual([args, 1, '']);
      expect(stderr).toMatch(message);
    }
    expect((await keys('revoke', 'taken')).code).toBe(0);
    const late = await keys('create', '--role', 'admin', '--id', 'taken');
    expect([late.code, late.stderr]).toEqual([1, expect.stringMatching(/"taken\\" already, or was one/)]);
  });
});

describe('a start without authentication', () => {
  const productionWith = (variables: Readonly<Record<string, string>>) =>
    refusedStart({ NODE_ENV: 'production', DATABASE_URL: database.url, ...variables });

  it('is refused in production, where the operator’s commands go on', async () => {
    const { code, stderr } = await productionWith({});
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /Authentication is not configured, and production does not start without it: set /,
    );
    const environment = { NODE_ENV: 'production', HOST: '0.0.0.0', DATABASE_URL: database.url };
    expect((await runCommand(['migrate'], environment)).code).toBe(0);
  });

  it('is refused where the keys file is not there or cannot be read', async () => {
    const missing = await productionWith({ API_KEYS_FILE: folder.path('none') });
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringMatching(
        /does not exist: take the variable away when the database has keys, or make the file/,
      ),
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
    const { code, stderr } = await refusedStart({ DATABASE_URL: database.url, HOST });
    expect(code).toBe(1);
    expect(stderr).toMatch(`HOST is ${HOST}, but without authentication it must be loopback`);
  });

  it('in development makes a key for this run, leaves it to its owner, and takes it away when it stops', async () => {
    const environment = { DATABASE_URL: database.url, DATA_DIR: folder.path('data') };
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
    const environment = { DATABASE_URL: database.url, DATA_DIR: folder.path('data') };
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
