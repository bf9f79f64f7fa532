import { Client as Postgres } from 'pg';
import { type OwnServer, runSql, startOwnServer } from '../support/own-server';
import { runCommand } from '../support/run-command';
import { startService } from '../support/service-process';
import { Client } from './client';
import { sqlOfPage } from './database-roles-page';
import { createUser, getUser } from './users';

// Starts several processes, and a server of its own: on a busy machine that takes long.
jest.setTimeout(180_000);

let server: OwnServer;
beforeAll(async () => {
  server = await startOwnServer();
});
afterAll(() => server?.remove());

function urlOf(username: string, password: string, pathname = '/annals'): string {
  return Object.assign(new URL(server.url), { username, password, pathname }).href;
}

describe('a database that one role has owned', () => {
  it('is handed over as the page says, with its log, and goes on with two roles', async () => {
    const [, inDatabase = [], grants = [], handOver = []] = sqlOfPage;
    const owner = urlOf('annals_owner', 'one-for-all');
    await runSql(
      new URL('/postgres', server.url).href,
      'DROP DATABASE annals',
      "CREATE ROLE annals_owner LOGIN PASSWORD 'one-for-all'",
      'CREATE DATABASE annals OWNER annals_owner',
    );
    const before = await startService({ DATABASE_URL: owner });
    const user = await createUser(new Client(before.url));
    expect(await before.end()).toBe(0);

    expect(handOver.join()).toContain('REASSIGN OWNED BY annals_owner');
    await runSql(server.url, ...handOver, ...inDatabase);
    const app = urlOf('annals_app', 'change-me-app');
    const migrator = urlOf('annals_migrator', 'change-me-migrator');
    const migrated = await runCommand(['migrate'], {
      DATABASE_URL: app,
      MIGRATION_DATABASE_URL: migrator,
    });
    expect(migrated).toMatchObject({ code: 0, stderr: '' });
    await runSql(migrator, ...grants);

    const after = await startService({ DATABASE_URL: app, MIGRATE_ON_START: 'false' });
    const client = new Client(after.url);
    expect((await getUser(client, user)).email).toBe(user.email);
    const another = await createUser(client);
    expect((await getUser(client, another)).email).toBe(another.email);
    expect(await after.end()).toBe(0);
    const verified = await runCommand(['verify'], { DATABASE_URL: app, MIGRATE_ON_START: 'false' });
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    for (const url of [app, owner]) expect(await refusal(url, 'DELETE FROM annals.events')).toBe('42501');
    expect(await refusal(app, 'ALTER TABLE annals.events DISABLE TRIGGER ALL')).toBe('42501');
  });
});

it('a role keeps its right to append when a migration brings another text of the functions', async () => {
  await runSql(
    server.url,
    'CREATE ROLE "another Service"',
    'GRANT EXECUTE ON FUNCTION annals.append_events TO "another Service"',
    "DELETE FROM annals.schema_files WHERE file LIKE 'functions/%'",
  );
  const migrated = await runCommand(['migrate'], {
    DATABASE_URL: urlOf('annals_app', 'change-me-app'),
    MIGRATION_DATABASE_URL: urlOf('annals_migrator', 'change-me-migrator'),
  });
  expect(migrated).toMatchObject({ code: 0, stderr: '' });
  expect(migrated.stdout).toContain('functions/append_events.sql');
  const rights = await runSql(
    server.url,
    `SELECT rolname AS role FROM pg_roles WHERE rolname IN ('annals_app', 'another Service', 'annals_owner')
       AND has_function_privilege(rolname, 'annals.append_events'::regproc, 'EXECUTE') ORDER BY rolname`,
  );
  expect(rights).toEqual([{ role: 'annals_app' }, { role: 'another Service' }]);
});

/** The SQLSTATE with which the role is refused, by the database or by the log. */
async function refusal(url: string, statement: string): Promise<string | undefined> {
  const client = new Postgres({ connectionString: url });
  try {
    await client.connect();
    await client.query(statement);
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  } finally {
    await client.end();
  }
}
