import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';
import { MissingRowError, RowExistsError, type Rows } from '../../../src/event-sourcing';
import { CollectedRows } from '../../../src/event-sourcing/rows/collected-rows';
import { createTestDatabase, TestDatabase } from '../../support/test-database';

@Entity('parcels')
class Parcel {
  @PrimaryColumn('text', { name: 'depot_id' })
  depot!: string;

  @PrimaryColumn('integer')
  number!: number;

  @Column('text', { nullable: true })
  note!: string | null;

  @Column('integer', { default: 7 })
  weight!: number;

  @Column('timestamptz', { name: 'seen_at', nullable: true })
  seenAt!: Date | null;

  @Column('jsonb', { nullable: true })
  labels!: unknown;

  @Column('text', { array: true, nullable: true })
  tags!: string[] | null;

  @Column('bigint', { nullable: true })
  code!: string | null;

  @Column('double precision', { nullable: true })
  share!: number | null;
}

@Entity('strangers')
class Stranger {
  @PrimaryColumn('text')
  id!: string;
}

@Entity('parcels', { schema: 'elsewhere' })
class Elsewhere {
  @PrimaryColumn('text')
  id!: string;
}

let database: TestDatabase;
let dataSource: DataSource;
let statements: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await new DataSource({
    type: 'postgres',
    url: database.url,
    entities: [Parcel, Stranger, Elsewhere],
  }).initialize();
  await dataSource.query(`CREATE TABLE parcels (
    depot_id text, number integer, note text UNIQUE, weight integer DEFAULT 7, seen_at timestamptz, labels jsonb, tags text[],
    code bigint, share double precision, PRIMARY KEY (depot_id, number))`);
});

afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

beforeEach(() => dataSource.query('TRUNCATE parcels'));

/** What `act` collects, written at its end, or with `oneByOne` after each step. */
async function batch(acts: readonly ((rows: Rows<Parcel>) => unknown)[], oneByOne = false): Promise<void> {
  statements = [];
  await dataSource.transaction(async (manager) => {
    const query = manager.query.bind(manager);
    manager.query = ((sql: string, values?: unknown[]) => {
      statements.push(sql);
      return query(sql, values);
    }) as typeof manager.query;
    const collected = new CollectedRows(manager, [Parcel]);
    for (const act of acts) {
      await act(collected.of(Parcel));
      if (oneByOne) await collected.write();
    }
    await collected.write();
  });
}

const parcels = () => dataSource.getRepository(Parcel).find({ order: { depot: 'ASC', number: 'ASC' } });
const key = (number: number) => ({ depot: 'a', number });

describe('rows that are collected', () => {
  it('are inserted by one statement, and updated by one for each set of members', async () => {
    await batch(Array.from({ length: 100 }, (_, n) => (rows) => rows.insert({ ...key(n), note: `${n}` })));
    expect(statements).toHaveLength(1);
    await batch([
      ...Array.from(
        { length: 50 },
        (_, n) => (rows: Rows<Parcel>) => rows.update(key(n), { note: `changed ${n}` }),
      ),
      ...Array.from(
        { length: 50 },
        (_, n) => (rows: Rows<Parcel>) => rows.update(key(50 + n), { weight: n }),
      ),
    ]);
    expect(statements.map((sql) => sql.split(' ')[0])).toEqual(['UPDATE', 'UPDATE']);
    const all = await parcels();
    expect(all.slice(0, 50).map(({ note, weight }) => [note, weight])).toEqual(
      Array.from({ length: 50 }, (_, n) => [`changed ${n}`, 7]),
    );
    expect(all.slice(50).map(({ note, weight }) => [note, weight])).toEqual(
      Array.from({ length: 50 }, (_, n) => [`${n + 50}`, n]),
    );
  });

  it('merge in the order of the events: the last change of a member is the one that stays', async () => {
    await batch([(rows) => rows.insert({ ...key(1), note: 'first' })]);
    await batch([
      (rows) => rows.update(key(1), { note: 'second', weight: 1 }),
      (rows) => rows.update(key(1), { note: 'third' }),
      (rows) => rows.insert({ ...key(2), note: 'one' }),
      (rows) => rows.update(key(2), { note: 'two' }),
    ]);
    expect(statements).toHaveLength(2);
    expect(await parcels()).toMatchObject([
      { number: 1, note: 'third', weight: 1 },
      { number: 2, note: 'two', weight: 7 },
    ]);
  });

  it('keep every kind of value', async () => {
    const whole: Parcel = {
      ...key(1),
      note: 'Ünïcode "quoted" \\ back',
      weight: -5,
      seenAt: new Date('2026-01-02T03:04:05.678Z'),
      labels: { list: [1, 'two', null], text: 'x' },
      tags: ['a,b', '"c"', ''],
      code: '9007199254740993',
      share: 0.1,
    };
    await batch([
      (rows) => rows.put(whole),
      (rows) => rows.put({ ...whole, number: 2, note: null, share: NaN }),
    ]);
    expect(await parcels()).toEqual([whole, { ...whole, number: 2, note: null, share: NaN }]);
    await batch([
      (rows) =>
        rows.update(key(1), { note: null, seenAt: null, labels: ['x'], tags: [], code: null, share: 1 }),
      (rows) => rows.update(key(2), { labels: 'text' }),
    ]);
    expect(await parcels()).toMatchObject([
      { note: null, seenAt: null, labels: ['x'], tags: [], code: null, share: 1, weight: -5 },
      { labels: 'text' },
    ]);
  });

  it('show a later event of the batch what the earlier ones did, without asking the table twice', async () => {
    await batch([(rows) => rows.insert({ ...key(1), weight: 10 })]);
    const add = (by: number) => async (rows: Rows<Parcel>) => {
      const row = await rows.get(key(1));
      rows.put({ ...row, weight: (row?.weight ?? 0) + by });
    };
    await batch([add(1), add(2), add(3), (rows) => rows.update(key(1), { note: 'x' }), add(4)]);
    expect(statements).toHaveLength(1);
    expect(await parcels()).toMatchObject([{ weight: 20, note: 'x' }]);
  });

  it('are read through where only a part of them is known', async () => {
    await batch([(rows) => rows.insert({ ...key(1), note: 'x' })]);
    let seen: Parcel | undefined;
    await batch([
      (rows) => rows.update(key(1), { note: 'y' }),
      async (rows) => {
        seen = await rows.get(key(1));
      },
    ]);
    expect(seen).toMatchObject({ note: 'y', weight: 7 });
    await batch([
      (rows) => rows.insert({ ...key(2) }),
      async (rows) => {
        seen = await rows.get(key(2));
      },
      (rows) => rows.delete(key(2)),
      async (rows) => expect(await rows.get(key(2))).toBeUndefined(),
      async (rows) => expect(await rows.get(key(3))).toBeUndefined(),
    ]);
    expect(seen).toMatchObject({ number: 2, weight: 7, note: null });
    expect(await parcels()).toHaveLength(1);
  });

  it('leave a unique value that one gives up to another', async () => {
    await batch([
      (rows) => rows.insert({ ...key(1), note: 'wanted' }),
      (rows) => rows.insert({ ...key(2), note: 'also' }),
    ]);
    await batch([
      (rows) => rows.update(key(1), { note: 'free' }),
      (rows) => rows.insert({ ...key(3), note: 'wanted' }),
      (rows) => rows.delete(key(2)),
      (rows) => rows.put({ ...key(4), note: 'also' }),
    ]);
    expect((await parcels()).map(({ note }) => note)).toEqual(['free', 'wanted', 'also']);
  });

  it('do not share an object with the projector', async () => {
    const row = { ...key(1), note: 'as given' };
    await batch([
      (rows) => rows.put(row),
      () => {
        row.note = 'changed later';
      },
    ]);
    expect(await parcels()).toMatchObject([{ note: 'as given' }]);
  });
});

describe('a wrong assumption about rows', () => {
  const insertOne = (rows: Rows<Parcel>) => rows.insert(key(1));

  it.each<[string, (rows: Rows<Parcel>) => void]>([
    ['update', (rows) => rows.update(key(9), { note: 'x' })],
    ['delete', (rows) => rows.delete(key(9))],
  ])('%s of a missing one fails by its name, and nothing of the batch stays', async (_name, act) => {
    await expect(batch([insertOne, act])).rejects.toThrow(MissingRowError);
    await expect(batch([insertOne, act])).rejects.toThrow('"parcels" for {"depot_id":"a","number":9}');
    expect(await parcels()).toEqual([]);
  });

  it('update or delete after a delete, and insert after an insert, fail within the batch', async () => {
    const deleteIt = (rows: Rows<Parcel>) => rows.delete(key(1));
    await expect(batch([insertOne, deleteIt, deleteIt])).rejects.toThrow(MissingRowError);
    await expect(batch([insertOne, deleteIt, (rows) => rows.update(key(1), { note: 'x' })])).rejects.toThrow(
      MissingRowError,
    );
    await expect(batch([insertOne, insertOne])).rejects.toThrow(RowExistsError);
  });

  it('insert of one that is stored fails', async () => {
    await batch([insertOne]);
    await expect(batch([insertOne])).rejects.toMatchObject({ code: '23505' });
  });

  it('is refused at once where the mistake is in the code', async () => {
    await expect(batch([(rows) => rows.update({ depot: 'a' }, { note: 'x' })])).rejects.toThrow(
      'named by depot_id, number',
    );
    await expect(batch([(rows) => rows.update(key(1), { number: 2 })])).rejects.toThrow('changes the key');
    await expect(batch([(rows) => rows.put({ ...key(1), colour: 'red' } as never)])).rejects.toThrow(
      'no column for colour',
    );
    const collected = new CollectedRows(dataSource.manager, [Parcel]);
    expect(() => collected.of(Stranger)).toThrow('not among the entities of this projector');
    expect(() => new CollectedRows(dataSource.manager).of(Elsewhere)).toThrow('has a schema ("elsewhere")');
  });
});

it('what is collected over a batch equals what is written step by step, whatever the events do', async () => {
  const seed = Number(process.env.ROWS_SEED ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}; repeat with ROWS_SEED=${seed}`);
  let state = seed;
  const random = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
  for (let round = 0; round < 25; round++) {
    const there = new Set<number>();
    const steps = Array.from({ length: 5 }, () => Array.from({ length: 12 }, () => step(random, there)));
    await dataSource.query('TRUNCATE parcels');
    for (const acts of steps) await batch(acts, true);
    const expected = await parcels();
    await dataSource.query('TRUNCATE parcels');
    for (const acts of steps) await batch(acts);
    expect({ seed, round, rows: await parcels() }).toEqual({ seed, round, rows: expected });
  }
}, 120_000);

/** One step that is right where these rows are there. */
function step(random: (below: number) => number, there: Set<number>): (rows: Rows<Parcel>) => unknown {
  const number = random(4);
  const weight = random(1_000);
  const some = random(2) ? { weight } : { code: String(weight) };
  const kind = there.has(number)
    ? ['update', 'delete', 'put', 'add'][random(4)]
    : ['insert', 'put'][random(2)];
  if (kind === 'delete') there.delete(number);
  else there.add(number);
  switch (kind) {
    case 'insert':
      return (rows) => rows.insert({ ...key(number), ...some });
    case 'put':
      return (rows) => rows.put({ ...key(number), ...some });
    case 'update':
      return (rows) => rows.update(key(number), some);
    case 'delete':
      return (rows) => rows.delete(key(number));
    default:
      return async (rows) => {
        const row = await rows.get(key(number));
        rows.put({ ...row, weight: (row?.weight ?? 0) + 1 });
      };
  }
}
