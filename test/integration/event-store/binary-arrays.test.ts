import { Client } from 'pg';
import {
  booleanArray,
  integerArray,
  jsonArray,
  textArray,
  uuidArray,
} from '../../../src/event-sourcing/event-store/postgres/binary-arrays';
import { createTestDatabase, TestDatabase } from '../../support/test-database';

const texts = [
  '',
  'plain',
  'NULL',
  '"quoted", {braced}',
  'back\\slash',
  'line\nbreak',
  'ü € 𝄞',
  'x'.repeat(100_000),
];

describe('an array in binary', () => {
  let database: TestDatabase;
  let sql: Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    sql = new Client({ connectionString: database.url });
    await sql.connect();
  });

  afterAll(async () => {
    await sql.end();
    await database.drop();
  });

  async function received(type: string, array: Buffer): Promise<unknown> {
    const { rows } = await sql.query<{ array: unknown }>(`SELECT $1::${type}[] AS array`, [array]);
    return rows[0]?.array;
  }

  it.each([
    ['boolean', booleanArray, [true, false, true]],
    ['integer', integerArray, [0, 1, -2, 2_147_483_647, -2_147_483_648]],
    ['text', textArray, texts],
    ['uuid', uuidArray, ['01890a5d-ac96-774b-bcce-b302099a8057', '00000000-0000-0000-0000-000000000000']],
  ])('of %s is what Postgres reads', async (type, encode, values) => {
    expect(await received(type, (encode as (values: readonly unknown[]) => Buffer)(values))).toEqual(values);
  });

  it('of json keeps each text as it was written', async () => {
    const written = texts.map((text) => `{ "text" :${JSON.stringify(text)}}`);
    const { rows } = await sql.query<{ text: string }>('SELECT unnest($1::json[])::text AS text', [
      jsonArray(written),
    ]);
    expect(rows.map(({ text }) => text)).toEqual(written);
  });

  it.each([
    ['boolean', booleanArray([])],
    ['integer', integerArray([])],
    ['text', textArray([])],
    ['json', jsonArray([])],
    ['uuid', uuidArray([])],
  ])('of no %s is empty', async (type, array) => {
    expect(await received(type, array)).toEqual([]);
  });
});
