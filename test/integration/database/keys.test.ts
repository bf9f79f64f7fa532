import { runSql } from '../../support/own-server';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';

/** Columns of text in the order of a language, which are part of an index. */
const keysByLanguage = `
  SELECT format('%s.%s', c.relname, a.attname) AS key
  FROM pg_index AS i
    JOIN pg_class AS c ON c.oid = i.indrelid
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    JOIN pg_am AS m ON m.oid = (SELECT relam FROM pg_class WHERE oid = i.indexrelid)
  WHERE c.relnamespace IN ('public'::regnamespace, 'annals'::regnamespace) AND m.amname = 'btree'
    AND a.attcollation NOT IN (0, (SELECT oid FROM pg_collation WHERE collname = 'C' AND collnamespace = 'pg_catalog'::regnamespace))
  ORDER BY 1`;

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

describe('the tables of the service', () => {
  it('have no key of text whose order a new C library could change', async () => {
    expect(await runSql(database.url, keysByLanguage)).toEqual([]);
  });

  it('would be found to have one', async () => {
    await runSql(database.url, 'CREATE TABLE named (name text PRIMARY KEY)');
    expect(await runSql(database.url, keysByLanguage)).toEqual([{ key: 'named.name' }]);
  });
});
