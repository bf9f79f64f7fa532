import fc from 'fast-check';
import { Column, DataSource, Entity, type EntityTarget, PrimaryColumn } from 'typeorm';
import { type Rows } from '../../../src/event-sourcing';
import { CollectedRows } from '../../../src/event-sourcing/rows/collected-rows';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';

@Entity('readings')
class Reading {
  @PrimaryColumn('text')
  sensor!: string;

  @PrimaryColumn('timestamptz')
  at!: Date | string;

  @Column('integer')
  value!: number;
}

interface Spelled {
  key: string | number | Date;
  a: number | null;
  b: number | null;
}

function spelled(
  table: string,
  type: 'citext' | 'numeric' | 'char' | 'timestamptz' | 'uuid' | 'inet',
  length?: number,
) {
  @Entity(table)
  class Row implements Spelled {
    @PrimaryColumn({ type, ...(length ? { length } : {}) })
    key!: string | number | Date;

    @Column('integer', { nullable: true })
    a!: number | null;

    @Column('integer', { nullable: true })
    b!: number | null;
  }
  return Row;
}

const id = '00000000-0000-7000-8000-00000000000a';
const kinds: readonly [string, EntityTarget<Spelled>, string, readonly Spelled['key'][]][] = [
  ['citext', spelled('by_citext', 'citext'), 'citext', ['Ann', 'ann', 'ANN', 'bob', 'Bob', 'carl']],
  ['numeric', spelled('by_numeric', 'numeric'), 'numeric', ['1', '1.0', 1, '1.00', 2, '2.50', 2.5]],
  ['char', spelled('by_char', 'char', 4), 'char(4)', ['a', 'a ', 'a   ', 'b', 'b  ', 'c']],
  ['inet', spelled('by_inet', 'inet'), 'inet', ['10.0.0.1', '10.0.0.1/32', '::1', '0::1', '::2']],
  ['uuid', spelled('by_uuid', 'uuid'), 'uuid', [id, id.toUpperCase(), `{${id}}`, id.replace('a', 'b')]],
  [
    'timestamptz',
    spelled('by_instant', 'timestamptz'),
    'timestamptz(1)',
    [new Date(1_000), new Date(1_010), '1970-01-01T00:00:01Z', '1970-01-01T01:00:01+01:00', new Date(2_000)],
  ],
];

let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  database = await createTestDatabase({ empty: true });
  dataSource = await new DataSource({
    type: 'postgres',
    url: database.url,
    installExtensions: false,
    entities: [Reading, ...kinds.map(([, entity]) => entity as new () => Spelled)],
  }).initialize();
  await dataSource.query('CREATE EXTENSION citext');
  await dataSource.query(
    'CREATE TABLE readings (sensor text, at timestamptz, value integer, PRIMARY KEY (sensor, at))',
  );
  for (const [, entity, type] of kinds) {
    const { tableName } = dataSource.getMetadata(entity);
    await dataSource.query(`CREATE TABLE ${tableName} (key ${type} PRIMARY KEY, a integer, b integer)`);
  }
});

afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

async function batch(act: (of: CollectedRows['of']) => unknown): Promise<void> {
  await dataSource.transaction(async (manager) => {
    const collected = new CollectedRows(manager);
    await act(collected.of);
    await collected.write();
  });
}

describe('keys of one second', () => {
  beforeEach(() => dataSource.query('TRUNCATE readings'));
  const at = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 10);

  it('are as many rows as they are instants', async () => {
    await batch((of) => {
      for (let n = 0; n < 250; n++) of(Reading).put({ sensor: 's', at: at(n), value: n });
    });
    const rows = await dataSource.getRepository(Reading).find({ order: { at: 'ASC' } });
    expect(rows.map(({ value }) => value)).toEqual(Array.from({ length: 250 }, (_, n) => n));
  });

  it('are changed and deleted each by itself', async () => {
    await batch((of) => {
      for (let n = 0; n < 3; n++) of(Reading).insert({ sensor: 's', at: at(n), value: n });
    });
    await batch(async (of) => {
      of(Reading).update({ sensor: 's', at: at(1) }, { value: 10 });
      of(Reading).delete({ sensor: 's', at: at(2) });
      expect(await of(Reading).get({ sensor: 's', at: at(2) })).toBeUndefined();
      expect(await of(Reading).get({ sensor: 's', at: at(0) })).toMatchObject({ value: 0 });
    });
    const rows = await dataSource.getRepository(Reading).find({ order: { at: 'ASC' } });
    expect(rows.map(({ value }) => value)).toEqual([0, 10]);
  });
});

it('a row that was read, is deleted under another spelling of its key and is put again, is there', async () => {
  const [, entity, , keys] = kinds.find(([name]) => name === 'uuid') ?? kinds[0]!;
  const { tableName } = dataSource.getMetadata(entity);
  await dataSource.query(`TRUNCATE ${tableName}`);
  await dataSource.query(`INSERT INTO ${tableName} VALUES ($1, 0, 0)`, [keys[0]]);
  await batch(async (of) => {
    const rows = of(entity);
    rows.put({ ...(await rows.get(keys[0]!)), a: 1 });
    rows.delete(keys[1]!);
    rows.put({ key: keys[0]!, a: 1 });
  });
  expect(await dataSource.query(`SELECT a, b FROM ${tableName}`)).toEqual([{ a: 1, b: null }]);
});

type Step = readonly ['put' | 'insert' | 'update' | 'delete' | 'add', number, number];

type Kind = Step[0];

/** What a step does; where its assumption is wrong it fails, in both ways. */
const takes: Record<Kind, (rows: Rows<Spelled>, key: Spelled['key'], value: number) => Promise<void> | void> =
  {
    put: (rows, key, value) => rows.put({ key, ...(value % 2 ? { a: value } : { b: value }) }),
    insert: (rows, key, value) => rows.insert({ key, a: value }),
    update: (rows, key, value) => rows.update(key, { b: value }),
    delete: (rows, key) => rows.delete(key),
    async add(rows, key, value) {
      const row = await rows.get(key);
      rows.put({ ...(row ?? { key }), a: (row?.a ?? 0) + value });
    },
  };

function take(rows: Rows<Spelled>, [kind, , value]: Step, key: Spelled['key']): Promise<void> | void {
  return takes[kind](rows, key, value);
}

it.each(kinds)(
  'rows whose keys are spelled in different ways are those of step by step: %s',
  async (_name, entity, _type, keys) => {
    const seed = Number(process.env.ROWS_SEED ?? Date.now() % 1_000_000);
    console.log(`seed ${seed}; repeat with ROWS_SEED=${seed}`);
    const { tableName } = dataSource.getMetadata(entity);
    const step = fc.tuple(
      fc.constantFrom('put', 'put', 'update', 'delete', 'insert', 'add'),
      fc.nat(keys.length - 1),
      fc.integer({ min: 1, max: 99 }),
    ) as fc.Arbitrary<Step>;
    const rowsAfter = async (work: () => Promise<void>): Promise<unknown> => {
      await dataSource.query(`TRUNCATE ${tableName}`);
      await dataSource.query(`INSERT INTO ${tableName} VALUES ($1, 0, 0)`, [keys[0]]);
      const failure = await work().then(
        () => 'done',
        () => 'failed',
      );
      return failure === 'failed'
        ? failure
        : dataSource.query<unknown>(`SELECT key::text, a, b FROM ${tableName} ORDER BY key`);
    };
    const keyOf = ([, index]: Step) => keys[index] ?? '';
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const together = await rowsAfter(() =>
          batch(async (of) => {
            for (const one of steps) await take(of(entity), one, keyOf(one));
          }),
        );
        const apart = await rowsAfter(() =>
          dataSource.transaction(async (manager) => {
            for (const one of steps) {
              const collected = new CollectedRows(manager);
              await take(collected.of(entity), one, keyOf(one));
              await collected.write();
            }
          }),
        );
        expect(together).toEqual(apart);
      }),
      { seed, numRuns: 100 },
    );
  },
  120_000,
);
