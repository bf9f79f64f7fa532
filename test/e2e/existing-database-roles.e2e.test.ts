import { Client as Postgres } from 'pg';
import { type OwnServer, runSql, startOwnServer } from '../support/own-server';
import { runCommand } from '../support/run-command';
import { runProgram, startService } from '../support/service-process';
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
    const verified = await runProgram('cli.js', ['verify'], { DATABASE_URL: app, MIGRATE_ON_START: 'false' });
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    for (const url of [app, owner]) expect(await refusal(url, 'DELETE FROM events')).toBe('42501');
    expect(await refusal(app, 'ALTER TABLE events DISABLE TRIGGER ALL')).toBe('42501');
  });
});

it('who may append keeps that right when a migration adds another way to append', async () => {
  const added = ['append_plain_events', 'try_append_batch', 'try_append_event'];
  await runSql(
    server.url,
    `DROP FUNCTION ${added.join()}`,
    "DELETE FROM migrations WHERE name SIMILAR TO '%17640000000(50|70)'",
    'CREATE ROLE "another Service"',
    'GRANT EXECUTE ON FUNCTION append_events TO "another Service"',
    'CREATE ROLE nobody',
  );
  const migrated = await runCommand(['migrate'], {
    DATABASE_URL: urlOf('annals_app', 'change-me-app'),
    MIGRATION_DATABASE_URL: urlOf('annals_migrator', 'change-me-migrator'),
  });
  expect(migrated).toMatchObject({ code: 0, stderr: '' });
  const rights = await runSql(
    server.url,
    `SELECT proname AS function, string_agg(rolname, ', ' ORDER BY rolname) AS roles FROM pg_roles, pg_proc p
     WHERE rolname IN ('annals_app', 'another Service', 'nobody') AND proname IN ('${added.join("', '")}')
       AND has_function_privilege(rolname, p.oid, 'EXECUTE') GROUP BY proname ORDER BY proname`,
  );
  expect(rights).toEqual(added.map((name) => ({ function: name, roles: 'annals_app, another Service' })));
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
