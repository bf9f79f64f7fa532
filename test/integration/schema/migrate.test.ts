import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Pool } from 'pg';
import { DataSource } from 'typeorm';
import { migrateEventSourcing, pendingEventSourcing } from '../../../src/event-sourcing';
import { readSchemaFiles } from '../../../src/event-sourcing/schema/schema-files';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { describeSchema } from './describe-schema';

/** Written anew by: UPDATE_SCHEMA=true npx jest test/integration/schema */
const golden = join(__dirname, 'schema.golden.sql');

const files = readSchemaFiles();
const names = [...files.versioned, ...files.functions].map(({ name }) => name);

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
});

afterEach(() => database.drop());

const connection = () => ({ connectionString: database.url });

async function sql<R extends object>(text: string, values: unknown[] = []): Promise<R[]> {
  const client = new Client(connection());
  await client.connect();
  try {
    return (await client.query<R>(text, values)).rows;
  } finally {
    await client.end();
  }
}

const ask = async <R>(text: string, values?: unknown[]) => (await sql(text, values)) as R[];

describe('the schema of the event store', () => {
  it('is as the golden file says', async () => {
    await migrateEventSourcing({ connection: connection() });
    const described = await describeSchema(database.url);
    if (process.env.UPDATE_SCHEMA === 'true') writeFileSync(golden, described);
    expect(described).toBe(readFileSync(golden, 'utf8'));
  });

  it('is the same when it is brought up from older functions', async () => {
    const older = files.functions.map((file) => ({
      ...file,
      text: withOlderText(file.text),
      checksum: `older ${file.name}`,
    }));
    await migrateEventSourcing({ connection: connection() }, { ...files, functions: older });
    const before = await describeSchema(database.url);
    expect(await migrateEventSourcing({ connection: connection() })).toEqual(
      files.functions.map(({ name }) => name),
    );
    expect(await describeSchema(database.url)).toBe(readFileSync(golden, 'utf8'));
    expect(before).not.toBe(readFileSync(golden, 'utf8'));
  });

  it('is the same under another name, and nothing is in public', async () => {
    await migrateEventSourcing({ connection: connection(), schema: 'tenant_2' });
    expect(await describeSchema(database.url, 'tenant_2')).toBe(readFileSync(golden, 'utf8'));
    const others = await sql<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
       UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace`,
    );
    expect(others).toEqual([]);
  });

  it.each(files.functions.map(({ name, text }) => [name, text]))(
    'has the function of %s as it stands there',
    async (name, text) => {
      await migrateEventSourcing({ connection: connection() });
      const [found] = await sql<{ prosrc: string; proconfig: string[] }>(
        "SELECT prosrc, proconfig FROM pg_proc WHERE pronamespace = 'annals'::regnamespace AND proname = $1",
        [/functions\/(\w+)\.sql/.exec(name)?.[1]],
      );
      expect(/AS \$\$([^]*)\$\$/.exec(text)?.[1]).toBe(found?.prosrc);
      expect(text.match(/CREATE OR REPLACE FUNCTION/g)).toHaveLength(1);
      expect(found?.proconfig).toContain('search_path=annals, pg_temp');
    },
  );
});

/** The same function with another text. */
function withOlderText(text: string): string {
  return text.replace(/\$\$[^]*\$\$/, (body) => `$$\n-- another text${body.slice(2)}`);
}

describe('the migration', () => {
  it('runs every file once, and says which', async () => {
    expect(await pendingEventSourcing(ask)).toEqual(names);
    expect(await migrateEventSourcing({ connection: connection() })).toEqual(names);
    expect(await migrateEventSourcing({ connection: connection() })).toEqual([]);
    expect(await pendingEventSourcing(ask)).toEqual([]);
  });

  it('runs on a client, on a pool and on a data source, and leaves their search path as it was', async () => {
    const client = new Client(connection());
    await client.connect();
    await client.query('SET search_path = pg_catalog');
    expect(await migrateEventSourcing({ connection: client, schema: 'a' })).toEqual(names);
    expect((await client.query('SHOW search_path')).rows).toEqual([{ search_path: 'pg_catalog' }]);
    await client.end();
    const pool = new Pool(connection());
    expect(await migrateEventSourcing({ connection: pool, schema: 'b' })).toEqual(names);
    await pool.end();
    const dataSource = await new DataSource({ type: 'postgres', url: database.url }).initialize();
    expect(await migrateEventSourcing({ connection: dataSource, schema: 'c' })).toEqual(names);
    await dataSource.destroy();
  });

  it('is done by one of several that start at once', async () => {
    const done = await Promise.all(
      Array.from({ length: 6 }, () => migrateEventSourcing({ connection: connection() })),
    );
    expect(done.filter(({ length }) => length > 0)).toEqual([names]);
  });

  it('survives the limits of the server', async () => {
    const { name } = (await sql<{ name: string }>('SELECT current_database() AS name'))[0] ?? { name: '' };
    for (const limit of ['idle_in_transaction_session_timeout', 'lock_timeout'])
      await sql(`ALTER DATABASE ${name} SET ${limit} = '100ms'`);
    await sql(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    const slow = { name: '002-slow.sql', text: 'SELECT pg_sleep(0.5)', checksum: 'slow' };
    const done = await Promise.all(
      [1, 2].map(() =>
        migrateEventSourcing(
          { connection: connection() },
          { ...files, versioned: [...files.versioned, slow] },
        ),
      ),
    );
    expect(done.map(({ length }) => length).sort()).toEqual([0, names.length + 1]);
  });

  it('makes nothing when one file fails', async () => {
    const wrong = { name: '002-wrong.sql', text: 'CREATE TABLE half (); SELECT 1 / 0', checksum: 'wrong' };
    const failing = { ...files, versioned: [...files.versioned, wrong] };
    await expect(migrateEventSourcing({ connection: connection() }, failing)).rejects.toThrow(
      'division by zero',
    );
    expect(await sql("SELECT FROM pg_namespace WHERE nspname LIKE 'annals%'")).toEqual([]);
    expect(await migrateEventSourcing({ connection: connection() })).toEqual(names);
  });

  it('leaves the functions of a newer program alone', async () => {
    await migrateEventSourcing({ connection: connection() });
    const newer = files.functions.map((file) => ({
      ...file,
      text: withOlderText(file.text),
      checksum: `newer ${file.name}`,
    }));
    await migrateEventSourcing({ connection: connection() }, { ...files, functions: newer });
    const described = await describeSchema(database.url);
    expect(await migrateEventSourcing({ connection: connection() })).toEqual([]);
    expect(await describeSchema(database.url)).toBe(described);
  });

  it('refuses a versioned file that was changed after it was run', async () => {
    await migrateEventSourcing({ connection: connection() });
    const changed = files.versioned.map((file) => ({ ...file, checksum: 'another' }));
    await expect(
      migrateEventSourcing({ connection: connection() }, { ...files, versioned: changed }),
    ).rejects.toMatchObject({
      code: 'schema.file-changed',
      message: expect.stringContaining(
        '001-tables.sql was changed after it was run in schema "annals"',
      ) as string,
    });
  });

  it('runs as a role that may create no schema, in schemas that were made for it', async () => {
    await sql(`CREATE ROLE maker LOGIN PASSWORD 'x'`);
    try {
      for (const schema of ['theirs', 'theirs_shadow', 'theirs_old'])
        await sql(`CREATE SCHEMA ${schema} AUTHORIZATION maker`);
      const url = Object.assign(new URL(database.url), { username: 'maker', password: 'x' }).href;
      expect(await migrateEventSourcing({ connection: { connectionString: url }, schema: 'theirs' })).toEqual(
        names,
      );
    } finally {
      await sql('DROP OWNED BY maker; DROP ROLE maker');
    }
  });

  it.each([
    ['Annals', 'has lower-case letters'],
    ['1st', 'begins with no digit'],
    ['', 'has lower-case letters'],
    ['a"; DROP SCHEMA public', 'has lower-case letters'],
    ['a'.repeat(57), 'has 56 characters at most'],
    ['pg_annals', 'Postgres keeps this name for itself'],
    ['information_schema', 'Postgres keeps this name for itself'],
    ['public', 'no other role may create objects there'],
    ['annals_shadow', 'is for the tables of rebuilds'],
  ])('refuses the schema %j with a sentence', async (schema, problem) => {
    await expect(migrateEventSourcing({ connection: connection(), schema })).rejects.toThrow(problem);
  });

  it.each(['select', 'user', '_1', 'a'.repeat(56)])('takes the schema %s', async (schema) => {
    expect(await migrateEventSourcing({ connection: connection(), schema })).toEqual(names);
  });
});
