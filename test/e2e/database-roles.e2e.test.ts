import { randomUUID } from 'node:crypto';
import { Client as Postgres } from 'pg';
import { type OwnServer, runSql, startOwnServer } from '../support/own-server';
import { runCommand } from '../support/run-command';
import { type ServiceProcess, startService } from '../support/service-process';
import { waitUntil } from '../support/wait-until';
import { Client, expectRefused } from './client';
import { sqlOfPage, tablesOfPage } from './database-roles-page';
import { type Acknowledgement, createUser, getUser, type UserPage } from './users';

// Starts several processes, and servers of its own: on a busy machine that takes long.
jest.setTimeout(180_000);

let server: OwnServer;
let service: ServiceProcess;
let client: Client;
let appUrl: string;
let migratorUrl: string;
let app: Postgres;
let superuser: Postgres;

function urlOf(user: string, password: string): string {
  const url = new URL(server.url);
  Object.assign(url, { username: user, password });
  return url.href;
}

/** Does what the page says, in its order. */
async function follow(): Promise<void> {
  const [onServer = [], inDatabase = [], grants = []] = sqlOfPage;
  const elsewhere = new URL(server.url);
  elsewhere.pathname = '/postgres';
  await runSql(elsewhere.href, 'DROP DATABASE annals', ...onServer);
  await runSql(server.url, ...inDatabase);
  const environment = { DATABASE_URL: appUrl, MIGRATION_DATABASE_URL: migratorUrl };
  const migrated = await runCommand(['migrate'], environment);
  expect(migrated).toMatchObject({ code: 0, stderr: '' });
  await runSql(migratorUrl, ...grants);
  await runSql(migratorUrl, ...grants);
}

beforeAll(async () => {
  server = await startOwnServer();
  appUrl = urlOf('annals_app', 'change-me-app');
  migratorUrl = urlOf('annals_migrator', 'change-me-migrator');
  await follow();
  service = await startService({ DATABASE_URL: appUrl, MIGRATE_ON_START: 'false' });
  client = new Client(service.url);
  app = new Postgres({ connectionString: appUrl });
  superuser = new Postgres({ connectionString: server.url });
  await Promise.all([app.connect(), superuser.connect()]);
});

afterAll(async () => {
  await app?.end();
  await superuser?.end();
  expect(await service?.end()).toBe(0);
  await server?.remove();
});

async function parked(): Promise<string[]> {
  const { rows } = await app.query<{ position: string }>('SELECT position FROM annals.parked_events');
  return rows.map(({ position }) => position);
}

/** A user whose welcome fails, because a message to that user stands in the outbox already. */
async function createUnwelcome(): Promise<Acknowledgement> {
  const userId = randomUUID();
  await app.query("INSERT INTO welcome_messages VALUES ($1, $2, 'x@example.com', 'in the way', now())", [
    randomUUID(),
    userId,
  ]);
  const body = { userId, name: 'Ada', email: `${userId}@example.com` };
  const { body: created } = await client.post<Acknowledgement>('/v1/users', body);
  await waitUntil(async () => (await parked()).includes(created.position));
  return created;
}

describe('the page about database roles', () => {
  it('names every table that the migrations create', async () => {
    const rows = await runSql<{ name: string }>(
      server.url,
      `SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name
       FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
       WHERE n.nspname IN ('public', 'annals') AND c.relkind IN ('r', 'p')`,
    );
    const named = tablesOfPage();
    expect(rows.map(({ name }) => name).filter((name) => !named.has(name))).toEqual([]);
  });

  it('gives the service no right on the log but to read it, and on the append but to call it', async () => {
    const tables = await app.query<{ name: string; rights: string }>(
      `SELECT t.name, string_agg(r.name, ' ') AS rights
       FROM unnest(ARRAY['annals.event_log', 'annals.events', 'annals.claims', 'annals.schema_files', 'migrations']) AS t(name),
         unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS r(name)
       WHERE has_table_privilege(t.name, r.name) GROUP BY t.name`,
    );
    expect(tables.rows.map(({ rights }) => rights)).toEqual(Array(5).fill('SELECT'));
    const functions = await app.query<{ name: string }>(
      `SELECT proname AS name FROM pg_proc WHERE pronamespace = 'annals'::regnamespace AND prosecdef
       AND has_function_privilege(oid, 'EXECUTE') ORDER BY proname`,
    );
    expect(functions.rows.map(({ name }) => name)).toEqual([
      'append_events',
      'try_append_batch',
      'try_append_event',
    ]);
  });
});

describe('a service whose role owns nothing of the log', () => {
  it('is ready, and does its work', async () => {
    const created = await createUser(client);
    expect((await getUser(client, created)).email).toBe(created.email);
    const path = `/v1/users/${created.userId}`;
    expect((await client.put(`${path}/email`, { email: `new.${created.email}` })).status).toBe(200);
    expectRefused(
      await client.post('/v1/users', { name: 'Ada', email: `new.${created.email}` }),
      409,
      'email-taken',
    );
    expect((await client.post(`${path}/deactivate`)).status).toBe(200);
    expect((await client.get(`${path}/history`)).status).toBe(200);
    await waitUntil(async () => (await client.get('/health/ready')).status === 200);
    await waitUntil(async () => {
      const { body } = await client.get<UserPage>(`/v1/users?email=new.${created.email}&isActive=false`);
      return body.items.length === 1;
    });
    expect(service.output()).not.toMatch(/permission denied|must be owner/);
  });

  it('lets the operator verify the log and the read models', async () => {
    const environment = { DATABASE_URL: appUrl, MIGRATE_ON_START: 'false' };
    const verified = await runCommand(['verify'], environment);
    expect(verified).toMatchObject({ code: 0, stderr: '' });
  });

  it('lets the operator pause and resume, and deal with what is parked', async () => {
    const welcome = '/v1/admin/subscriptions/welcome-message';
    expect((await client.post(`${welcome}/pause`)).status).toBe(202);
    expect((await client.post(`${welcome}/resume`)).status).toBe(202);
    const retried = await createUnwelcome();
    expect((await client.post(`${welcome}/parked/${retried.position}/retry`)).status).toBe(202);
    await app.query('DELETE FROM welcome_messages WHERE user_id = $1', [retried.userId]);
    const discarded = await createUnwelcome();
    const path = `${welcome}/parked/${discarded.position}/discard`;
    expect((await client.post(path, { reason: 'a test' })).status).toBe(202);
    await waitUntil(async () => (await parked()).length === 0);
  });

  it('can make a read model anew beside the old one, and put it in its place', async () => {
    await runSql(
      appUrl,
      'CREATE TABLE annals_shadow.users (LIKE public.users INCLUDING ALL)',
      'INSERT INTO annals_shadow.users SELECT * FROM public.users',
      'BEGIN',
      'ALTER TABLE public.users SET SCHEMA annals_old',
      'ALTER TABLE annals_shadow.users SET SCHEMA public',
      'COMMIT',
      'DROP TABLE annals_old.users',
    );
    const created = await createUser(client);
    expect((await getUser(client, created)).email).toBe(created.email);
    await runSql(
      migratorUrl,
      'ALTER TABLE users ADD COLUMN later text',
      'ALTER TABLE users DROP COLUMN later',
    );
  });
});

/** Every way to change the log, to loosen what guards it, or to become somebody who may. */
const forbidden: readonly string[] = [
  'UPDATE annals.events SET data = data',
  "UPDATE annals.events SET event_type = 'Other' WHERE position = 1",
  'DELETE FROM annals.events WHERE position = 1',
  'TRUNCATE annals.events',
  `INSERT INTO annals.events SELECT position + 1000000, gen_random_uuid(), event_type, schema_version, aggregate_type,
     aggregate_id, aggregate_version + 1000000, timestamp, data, metadata FROM annals.events LIMIT 1`,
  'UPDATE annals.event_log SET log_id = gen_random_uuid()',
  'DELETE FROM annals.event_log',
  'INSERT INTO annals.event_log DEFAULT VALUES',
  'SELECT * FROM annals.event_log FOR UPDATE',
  'BEGIN; LOCK TABLE annals.events IN ACCESS EXCLUSIVE MODE',
  'BEGIN; LOCK TABLE annals.event_log IN ROW EXCLUSIVE MODE',
  "INSERT INTO annals.claims VALUES ('user.email', 'x@example.com', 'User', 'x')",
  'UPDATE annals.claims SET aggregate_id = aggregate_id',
  'DELETE FROM annals.claims',
  'TRUNCATE annals.claims',
  'UPDATE annals.discarded_events SET reason = reason',
  'DELETE FROM annals.discarded_events',
  'DELETE FROM migrations',
  'ALTER TABLE annals.events DISABLE TRIGGER ALL',
  'ALTER TABLE annals.events DISABLE TRIGGER events_are_immutable',
  'DROP TRIGGER events_are_immutable ON annals.events',
  'CREATE TRIGGER another BEFORE INSERT ON annals.events FOR EACH ROW EXECUTE FUNCTION annals.refuse_change_of_events()',
  'CREATE RULE forget AS ON INSERT TO annals.events DO INSTEAD NOTHING',
  'CREATE INDEX another ON annals.events (event_type)',
  'ALTER TABLE annals.events ADD COLUMN more text',
  'ALTER TABLE annals.events RENAME TO other_events',
  'ALTER TABLE annals.events SET SCHEMA annals_old',
  'ALTER TABLE annals.events OWNER TO annals_app',
  'ALTER TABLE annals.claims DROP CONSTRAINT claims_scope_value',
  'DROP TABLE annals.events',
  'DROP TABLE annals.event_log',
  'ALTER TABLE annals.event_log ADD CHECK (NOT only_row)',
  'DROP FUNCTION annals.append_events',
  'ALTER FUNCTION annals.append_events SECURITY INVOKER',
  'ALTER FUNCTION annals.append_events SET search_path = public',
  'DROP FUNCTION annals.try_append_batch',
  'ALTER FUNCTION annals.try_append_batch SECURITY INVOKER',
  'ALTER FUNCTION annals.try_append_batch SET search_path = public',
  'DROP FUNCTION annals.try_append_event',
  'ALTER FUNCTION annals.try_append_event SECURITY INVOKER',
  'ALTER FUNCTION annals.try_append_event SET search_path = public',
  "SELECT annals.judge_append('User', 'x', 0, 0, '{}')",
  'DROP FUNCTION annals.refuse_change_of_events() CASCADE',
  `CREATE OR REPLACE FUNCTION annals.refuse_change_of_events() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
  'CREATE TABLE annals.another (id integer)',
  'CREATE FUNCTION annals.another() RETURNS integer LANGUAGE sql RETURN 1',
  'DROP SCHEMA annals CASCADE',
  'ALTER SCHEMA annals RENAME TO other',
  'DROP SCHEMA public CASCADE',
  'ALTER SCHEMA public RENAME TO other',
  'CREATE SCHEMA mine',
  'CREATE EXTENSION pgcrypto',
  'CREATE ROLE another',
  'SET ROLE annals_migrator',
  'SET SESSION AUTHORIZATION annals_migrator',
  'SET session_replication_role = replica',
  'ALTER ROLE annals_app SUPERUSER',
  'ALTER DATABASE annals OWNER TO annals_app',
  'ALTER SYSTEM SET fsync = off',
  "COPY annals.events TO PROGRAM 'cat'",
];

describe('the role of the service', () => {
  it.each(forbidden)('may not: %s', async (statement) => {
    const before = await logOf();
    const refused = await app.query(statement).catch((error: { code?: string }) => error.code);
    await app.query('ROLLBACK');
    expect(refused).toBe('42501');
    expect(await logOf()).toEqual(before);
  });

  it('gains nothing when it grants itself a right that it has not: Postgres warns, and does nothing', async () => {
    const before = await logOf();
    await app.query('GRANT UPDATE, DELETE, TRUNCATE ON annals.events, annals.event_log TO annals_app');
    expect(await logOf()).toEqual(before);
  });

  /** Arguments that do not fit each other, where `append_events` takes fifteen and the others eight. */
  const misfits: readonly (readonly [string, string])[] = [
    [
      'an event of an append that is not there',
      `append_events('{Note}', '{m}', '{0}', '{1}', '{1,2}', '{1,1}', ${newIds(2)}, '{Noted,Noted}', '{1,1}', ${jsons(2)}, ${jsons(2)}, '{}', '{}', '{}', '{}')`,
    ],
    [
      'more events in an append than it has, one append refused',
      `append_events('{Note,Note}', '{m,n}', '{-2,7}', '{5,1}', '{1,2}', '{1,1}', ${newIds(2)}, '{Noted,Noted}', '{1,1}', ${jsons(2)}, ${jsons(2)}, '{}', '{}', '{}', '{}')`,
    ],
    [
      'fewer events in an append than it has, one append refused',
      `append_events('{Note,Note}', '{m,n}', '{-2,7}', '{0,1}', '{1,2}', '{1,1}', ${newIds(2)}, '{Noted,Noted}', '{1,1}', ${jsons(2)}, ${jsons(2)}, '{}', '{}', '{}', '{}')`,
    ],
    [
      'an event that is not the next of its stream',
      `append_events('{Note}', '{m}', '{-2}', '{1}', '{1}', '{5}', ${newIds(1)}, '{Noted}', '{1}', ${jsons(1)}, ${jsons(1)}, '{}', '{}', '{}', '{}')`,
    ],
    [
      'no version',
      `append_events('{Note}', '{m}', '{NULL}', '{1}', '{1}', '{1}', ${newIds(1)}, '{Noted}', '{1}', ${jsons(1)}, ${jsons(1)}, '{}', '{}', '{}', '{}')`,
    ],
    ...['try_append_batch'].flatMap((append) => [
      [
        `${append}: events of fewer streams`,
        `${append}('{Note}', '{o}', '{0}', ${newIds(2)}, '{Noted,Noted}', '{1,1}', ${jsons(2)}, ${jsons(2)})`,
      ] as const,
      [
        `${append}: events of fewer streams, refused`,
        `${append}('{Note}', '{o}', '{7}', ${newIds(2)}, '{Noted,Noted}', '{1,1}', ${jsons(2)}, ${jsons(2)})`,
      ] as const,
      [
        `${append}: fewer ids than events`,
        `${append}('{Note,Note}', '{o,p}', '{0,0}', ${newIds(1)}, '{Noted,Noted}', '{1,1}', ${jsons(2)}, ${jsons(2)})`,
      ] as const,
      [
        `${append}: two events of one new stream`,
        `${append}('{Note,Note}', '{o,o}', '{0,0}', ${newIds(2)}, '{Noted,Noted}', '{1,1}', ${jsons(2)}, ${jsons(2)})`,
      ] as const,
      [
        `${append}: an event behind one that is not there yet`,
        `${append}('{Note,Note}', '{o,o}', '{1,0}', ${newIds(2)}, '{Noted,Noted}', '{1,1}', ${jsons(2)}, ${jsons(2)})`,
      ] as const,
      [
        `${append}: no version`,
        `${append}('{Note}', '{o}', '{NULL}', ${newIds(1)}, '{Noted}', '{1}', ${jsons(1)}, ${jsons(1)})`,
      ] as const,
      [
        `${append}: a version ahead beside none`,
        `${append}('{Note,Note}', '{o,p}', '{NULL,7}', ${newIds(2)}, '{Noted,Noted}', '{1,1}', ${jsons(2)}, ${jsons(2)})`,
      ] as const,
      [
        `${append}: a version that is none`,
        `${append}('{Note}', '{o}', '{-1}', ${newIds(1)}, '{Noted}', '{1}', ${jsons(1)}, ${jsons(1)})`,
      ] as const,
      [
        `${append}: no versions at all`,
        `${append}('{Note}', '{o}', NULL, ${newIds(1)}, '{Noted}', '{1}', ${jsons(1)}, ${jsons(1)})`,
      ] as const,
      [
        `${append}: no events, but a stream`,
        `${append}('{Note}', '{o}', '{0}', '{}', '{}', '{}', '{}', '{}')`,
      ] as const,
    ]),
    [
      'try_append_batch: a claim of an append that is not there',
      `try_append_batch('{Note}', '{o}', '{0}', ${newIds(1)}, '{Noted}', '{1}', ${jsons(1)}, ${jsons(1)}, '{2}', '{s}', '{v}', '{f}')`,
    ],
    [
      'try_append_batch: fewer claims than their appends',
      `try_append_batch('{Note}', '{o}', '{0}', ${newIds(1)}, '{Noted}', '{1}', ${jsons(1)}, ${jsons(1)}, '{1,1}', '{s}', '{v}', '{f}')`,
    ],
    ...['7', '-1', 'NULL'].map(
      (version) =>
        [
          `try_append_event: version ${version}`,
          `try_append_event('Note', 'o', ${version}, gen_random_uuid(), 'Noted', 1, '{}', '{}')`,
        ] as const,
    ),
  ];

  it.each(misfits)('cannot leave a hole in the log or in a stream by %s', async (_what, append) => {
    await app.query(`SELECT * FROM annals.${append}`).catch(() => undefined);
    const { rows } = await superuser.query(`
      SELECT max(position) = count(*) AS "log",
        bool_and(aggregate_version = number) AS "streams"
      FROM (SELECT *, row_number() OVER (PARTITION BY aggregate_type, aggregate_id ORDER BY aggregate_version) AS number
            FROM annals.events) AS numbered`);
    expect(rows).toEqual([{ log: true, streams: true }]);
  });

  it('cannot make the append run something of its own, though it may create objects in the same schema', async () => {
    await app.query(`CREATE FUNCTION public.always(integer[], integer[]) RETURNS boolean LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'this ran as %', current_user; END $$`);
    await app.query(
      'CREATE OPERATOR public.= (LEFTARG = integer[], RIGHTARG = integer[], FUNCTION = public.always)',
    );
    await app.query("CREATE TEMPORARY TABLE events AS SELECT 'in the way' AS position");
    const fails = app.query('SELECT ARRAY[1] OPERATOR(public.=) ARRAY[1]');
    await expect(fails).rejects.toThrow('this ran as annals_app');
    const before = await logOf();
    for (const append of [
      `append_events('{Note}', '{1}', '{0}', '{1}', '{1}', '{1}', ARRAY[gen_random_uuid()], '{Noted}', '{1}',
        ARRAY['{}'::json], ARRAY['{}'::json], '{}', '{}', '{}', '{}')`,
      `try_append_batch('{Note}', '{1}', '{1}', ARRAY[gen_random_uuid()], '{Noted}', '{1}',
        ARRAY['{}'::json], ARRAY['{}'::json])`,
      `try_append_event('Note', '1', 2, gen_random_uuid(), 'Noted', 1, '{}', '{}')`,
    ]) {
      await app.query(`SELECT annals.${append}`);
    }
    expect((await logOf()).events).toBe(before.events + 3);
    await app.query('DROP TABLE pg_temp.events');
    await app.query('DROP FUNCTION public.always CASCADE');
  });
});

function newIds(count: number): string {
  return `ARRAY[${Array.from({ length: count }, () => 'gen_random_uuid()').join()}]`;
}

function jsons(count: number): string {
  return `ARRAY[${Array.from({ length: count }, () => "'{}'::json").join()}]`;
}

/** What of the log a forbidden statement could have changed. */
async function logOf(): Promise<{ readonly events: number }> {
  const { rows } = await superuser.query<{ events: number }>(
    `SELECT count(*)::integer AS events, md5(string_agg(e::text, '' ORDER BY position)) AS content,
       (SELECT log_id FROM annals.event_log) AS log_id, (SELECT string_agg(relname || relacl::text, ' ' ORDER BY relname)
        FROM pg_class WHERE relname IN ('events', 'event_log', 'claims')) AS rights,
        (SELECT md5(string_agg(c::text, '' ORDER BY c)) FROM annals.claims c) AS claims,
       (SELECT string_agg(tgname || ' ' || tgenabled::text, ' ') FROM pg_trigger WHERE tgrelid = 'annals.events'::regclass) AS triggers
     FROM annals.events e`,
  );
  if (!rows[0]) throw new Error('The log did not answer.');
  return rows[0];
}
