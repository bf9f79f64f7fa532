import { type OwnServer, runSql, startOwnServer } from '../support/own-server';
import { startPooler } from '../support/pooler-proxy';
import { refusedStart, runCommand } from '../support/run-command';
import { type ProgramResult, startService } from '../support/service-process';
import { Client } from './client';
import { eventually } from './command-line';
import { createUser } from './users';

// Starts many processes, and a server of its own: on a busy machine that takes long.
jest.setTimeout(180_000);

let server: OwnServer;
let count = 0;

beforeAll(async () => {
  server = await startOwnServer();
});

afterAll(() => server?.remove());

/** A database of one test, and its URL as this role. */
async function makeDatabase(options = ''): Promise<{ readonly name: string; url(role?: string): string }> {
  const name = `refused_${++count}`;
  await runSql(server.url, `CREATE DATABASE ${name} ${options}`);
  return {
    name,
    url: (role) => {
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      if (role) [url.username, url.password] = [role, role];
      return url.href;
    },
  };
}

/** The schemas, and the tables and functions in them, that are not of Postgres itself. */
const made = (url: string) =>
  runSql(
    url,
    `SELECT nspname FROM pg_namespace WHERE nspname ~ '^projection' UNION ALL
     SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname !~ '^(pg_|information_schema)' UNION ALL
     SELECT proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname !~ '^(pg_|information_schema)'`,
  );

/** One sentence on standard error, exit code 1, nothing that looks like a stack. */
function expectSentence({ code, stderr }: ProgramResult, sentence: RegExp): void {
  expect([code, stderr]).toEqual([1, expect.stringMatching(sentence)]);
  expect(stderr).not.toMatch(/^ {4}at |Unhandled/m);
}

const migrateAt = (url: string) => runCommand(['migrate'], { DATABASE_URL: url });
const startAt = (url: string, environment: Readonly<Record<string, string>> = {}) =>
  refusedStart({ DATABASE_URL: url, ...environment });

describe('a search_path that does not begin with public is refused, and nothing is made', () => {
  const sentence =
    /^DatabaseRefusedError: The search_path of the role ".*" \(.*\) .*"public".*ALTER ROLE ".*" SET search_path = public/;

  it('when the URL has it', async () => {
    const { url } = await makeDatabase();
    await runSql(url(), 'CREATE SCHEMA tenant_a');
    for (const path of ['tenant_a', 'tenant_a,public']) {
      const there = `${url()}?options=-csearch_path%3D${path}`;
      expectSentence(await migrateAt(there), sentence);
      expectSentence(await startAt(there), sentence);
    }
    expect(await made(url())).toEqual([]);
  });

  it('when the role has a schema of its own name', async () => {
    const { name, url } = await makeDatabase();
    await runSql(url(), `CREATE ROLE own${count} LOGIN PASSWORD 'own${count}'`);
    await runSql(
      url(),
      `GRANT ALL ON DATABASE ${name} TO own${count}; CREATE SCHEMA own${count} AUTHORIZATION own${count}`,
    );
    expectSentence(await migrateAt(url(`own${count}`)), sentence);
    expectSentence(await startAt(url(`own${count}`)), sentence);
    expect(await made(url())).toEqual([]);
  });

  it.each([`''`, 'no_such_schema', 'pg_catalog, public'])('when the database has it: %s', async (path) => {
    const { name, url } = await makeDatabase();
    await runSql(server.url, `ALTER DATABASE ${name} SET search_path = ${path}`);
    expectSentence(await migrateAt(url()), sentence);
    expectSentence(await startAt(url()), sentence);
  });

  it('also when the tables are there, and migrations are somebody else’s', async () => {
    const { name, url } = await makeDatabase();
    expect((await migrateAt(url())).code).toBe(0);
    await runSql(url(), 'CREATE SCHEMA later');
    await runSql(server.url, `ALTER DATABASE ${name} SET search_path = later, public`);
    expectSentence(await startAt(url(), { MIGRATE_ON_START: 'false' }), sentence);
  });
});

it.each(['LATIN1', 'SQL_ASCII'])('a database with the encoding %s is refused', async (encoding) => {
  const { url } = await makeDatabase(`ENCODING '${encoding}' LOCALE 'C' TEMPLATE template0`);
  const sentence = new RegExp(
    `^DatabaseRefusedError: The database ".*" has the encoding ${encoding}.*ENCODING 'UTF8'`,
  );
  expectSentence(await migrateAt(url()), sentence);
  expectSentence(await startAt(url()), sentence);
  expect(await made(url())).toEqual([]);
});

describe('a start that leaves the migrations to somebody else', () => {
  it('is refused on an empty database, and says how to migrate', async () => {
    const { url } = await makeDatabase();
    expectSentence(
      await startAt(url(), { MIGRATE_ON_START: 'false' }),
      /^DatabaseRefusedError: The database has no tables yet.*npm run cli -- migrate/,
    );
  });

  /** One that may run twice. */
  const pending = 'search-in-composed-form1764000000140';

  it('names what is pending, serves 503 where it is needed, and is ready once somebody has migrated', async () => {
    const { url } = await makeDatabase();
    expect((await migrateAt(url())).code).toBe(0);
    await runSql(
      url(),
      `DELETE FROM migrations WHERE name = '${pending}'`,
      'ALTER FUNCTION annals.try_append_event RENAME TO try_append_event_of_later',
      'ALTER FUNCTION annals.try_append_batch RENAME TO try_append_batch_of_later',
    );
    const service = await startService({ DATABASE_URL: url(), MIGRATE_ON_START: 'false' });
    const client = new Client(service.url);
    const refused = await client.post('/v1/users', { name: 'Ada', email: 'ada@example.com' });
    const readiness = await client.get<{ checks: Record<string, string> }>('/health/ready');
    expect((await migrateAt(url())).code).toBe(0);
    await runSql(
      url(),
      'ALTER FUNCTION annals.try_append_event_of_later RENAME TO try_append_event',
      'ALTER FUNCTION annals.try_append_batch_of_later RENAME TO try_append_batch',
    );
    await eventually('it is ready', async () => (await client.get('/health/ready')).status === 200);
    await createUser(client, { email: 'ada@example.com' });
    expect(await service.end()).toBe(0);
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([503, '1']);
    expect([readiness.status, readiness.body.checks.migrations]).toEqual([503, `pending: ${pending}`]);
    expect(service.output()).toMatch(
      /Migrations are pending: search-in-composed-form1764000000140\..*npm run cli -- migrate/,
    );
  });
});

describe('a log whose tables were restored one without the other', () => {
  it('is refused at the start, with what to run, and the service that runs on it is not ready', async () => {
    const { url } = await makeDatabase();
    const service = await startService({ DATABASE_URL: url() });
    const client = new Client(service.url);
    for (const number of [1, 2, 3]) await createUser(client, { email: `${number}@example.com` });
    await runSql(url(), 'DELETE FROM annals.event_log');
    const { status, body } = await client.get<{ checks: Record<string, string> }>('/health/ready');
    const refused = await startAt(url());
    const [, mend = ''] = /run: (INSERT INTO annals.event_log .*)$/m.exec(refused.stderr) ?? [];
    await runSql(url(), mend);
    await eventually('it is ready', async () => (await client.get('/health/ready')).status === 200);
    await createUser(client, { email: '4@example.com' });
    expect(await service.end()).toBe(0);
    expect([status, body.checks.database]).toEqual([503, 'the table event_log, which it locks, has no row']);
    expectSentence(
      refused,
      /^DatabaseRefusedError: The log cannot take appends: the table event_log, which it locks, has no row\./,
    );
  });
});

describe('a collation that has changed under the database', () => {
  it('is warned of at the start, with what to run', async () => {
    const { name, url } = await makeDatabase(`LOCALE_PROVIDER icu ICU_LOCALE 'en' TEMPLATE template0`);
    await runSql(server.url, `UPDATE pg_database SET datcollversion = '1.1' WHERE datname = '${name}'`);
    const service = await startService({ DATABASE_URL: url() });
    expect(await service.end()).toBe(0);
    expect(service.output()).toMatch(
      new RegExp(
        `WARN.*THE ORDER OF TEXT HAS CHANGED: the database "${name}" .* version 1\\.1 .*REINDEX DATABASE`,
      ),
    );
  });
});

describe('behind a pooler', () => {
  it('a start names the settings that the role must have, and goes on once it has them', async () => {
    const { name, url } = await makeDatabase();
    expect((await migrateAt(url())).code).toBe(0);
    await runSql(url(), `CREATE ROLE app${count} LOGIN SUPERUSER PASSWORD 'app${count}'`);
    await runSql(server.url, `ALTER DATABASE ${name} SET default_transaction_isolation = 'serializable'`);
    const pooler = await startPooler(url(`app${count}`));
    const refused = await startAt(pooler.url);
    expectSentence(refused, /^DatabaseRefusedError: Between this program and the server is a pooler/);
    const mends = [...refused.stderr.matchAll(/^ {2}(ALTER ROLE .*;)$/gm)].map(([, sql = '']) => sql);
    expect(mends.map((sql) => sql.replace(/^ALTER ROLE "\w+" SET /, ''))).toEqual([
      `default_transaction_isolation = 'read committed';`,
      `statement_timeout = '30000ms';`,
      `idle_in_transaction_session_timeout = '5s';`,
    ]);
    await runSql(url(), ...mends);
    const service = await startService({ DATABASE_URL: pooler.url });
    await createUser(new Client(service.url), { email: 'ada@example.com' });
    expect(await service.end()).toBe(0);
    await pooler.close();
  });
});
