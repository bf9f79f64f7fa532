import {
  Column,
  CreateDateColumn,
  DataSource,
  DeleteDateColumn,
  Entity,
  type EntityManager,
  type EntityTarget,
  Generated,
  JoinColumn,
  ManyToOne,
  type ObjectLiteral,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  UpdateDateColumn,
  ChildEntity,
  TableInheritance,
  VersionColumn,
} from 'typeorm';
import { CollectedRows } from '../../../src/event-sourcing/rows/collected-rows';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';

const cents = {
  to: (euros?: number | null) => (typeof euros !== 'number' ? euros : Math.round(euros * 100)),
  from: (of: string | null) => (of === null ? null : Number(of) / 100),
};
const reversed = {
  to: (of?: string | null) => of?.split('').reverse().join(''),
  from: (of: string | null) => of?.split('').reverse().join(''),
};
const marked = { to: (of?: string | null) => of && `<${of}>`, from: (of: string | null) => of?.slice(1, -1) };
const orEmpty = {
  to: (of: string[] = []) => of.join(';'),
  from: (of: string | null) => of?.split(';') ?? null,
};

class Place {
  @Column('text')
  town!: string;

  @Column('timestamptz', { nullable: true })
  since!: Date | null;
}

class Owner {
  @Column('text', { nullable: true })
  name!: string | null;

  @Column(() => Place)
  home!: Place;
}

class Reference {
  constructor(readonly text: string) {}
}

@Entity('odd')
class Odd {
  @PrimaryColumn({
    type: 'text',
    name: 'the "key": a.b',
    transformer: { to: (of: Reference) => of.text, from: (of: string) => new Reference(of) },
  })
  key!: Reference;

  @Column({ type: 'integer', name: 'select', transformer: cents, nullable: true })
  price!: number | null;

  @Column({ type: 'text', name: 'ein Öre :x $1', transformer: [reversed, marked], nullable: true })
  secret!: string | null;

  @Column({ type: 'text', transformer: orEmpty })
  tags!: string[];

  @Column('text', { default: 'as ever' })
  usual!: string;

  @Column({ type: 'date', utc: true, nullable: true })
  day!: string | Date | null;

  @Column({ type: 'text', name: '__proto__', nullable: true })
  proto!: string | null;

  @Column(() => Owner)
  owner!: Owner;
}

@Entity('counted')
class Counted {
  @PrimaryColumn('integer')
  id!: number;

  @Column('text', { nullable: true })
  name!: string | null;

  @VersionColumn()
  version!: number;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;

  @DeleteDateColumn({ type: 'timestamptz' })
  deletedAt!: Date | null;

  @Column({ type: 'text', update: false, nullable: true })
  origin!: string | null;

  @Column('text', { select: false, nullable: true })
  hidden!: string | null;

  @Column({
    type: 'text',
    generatedType: 'STORED',
    asExpression: "name || '!'",
    nullable: true,
    insert: false,
    update: false,
  })
  loud!: string | null;

  @Column('uuid')
  @Generated('uuid')
  token!: string;
}

@Entity('customers')
class Customer {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { unique: true, nullable: true })
  email!: string | null;

  @ManyToOne(() => Customer, { nullable: true })
  @JoinColumn({ name: 'advised_by' })
  adviser!: Customer | string | null;
}

@Entity('orders_of')
class Order {
  @ManyToOne(() => Customer)
  @JoinColumn({ name: 'customer_id' })
  customer!: Customer | string;

  @PrimaryColumn('uuid', { name: 'customer_id' })
  customerId!: string;

  @PrimaryColumn('integer')
  number!: number;
}

@Entity('parcels_kept')
class Parcel {
  @PrimaryColumn('uuid')
  id!: string;
}

@Entity('kept')
class Kept {
  @PrimaryColumn('integer')
  id!: number;

  @Column('uuid')
  parcel!: string;
}

@Entity('notes_on')
class Note {
  @PrimaryColumn('integer')
  id!: number;

  @ManyToOne(() => Customer, { eager: true })
  @JoinColumn({ name: 'on_customer' })
  on!: Customer | string | null;

  @Column('timestamp', { nullable: true })
  at!: Date | null;
}

@Entity('things_kept')
@TableInheritance({ column: { type: 'varchar', name: 'kind' } })
class Thing {
  @PrimaryColumn('integer')
  id!: number;

  @Column('timestamptz', { nullable: true })
  at!: Date | null;
}

@ChildEntity('book')
class Book extends Thing {
  @Column('text', { nullable: true })
  title!: string | null;
}

@ChildEntity('box')
class Box extends Thing {
  @Column('integer', { nullable: true })
  size!: number | null;
}

@Entity('numbered')
class Numbered {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT' })
  id!: number;

  @Column('text')
  name!: string;
}

const tables = [
  `CREATE TABLE odd ("the ""key"": a.b" text PRIMARY KEY, "select" integer, "ein Öre :x $1" text, tags text DEFAULT 'none', usual text DEFAULT 'as ever',
     day date, "__proto__" text, "ownerName" text, "ownerHomeTown" text, "ownerHomeSince" timestamptz)`,
  `CREATE TABLE counted (id integer PRIMARY KEY, name text, version integer NOT NULL, "createdAt" timestamptz NOT NULL DEFAULT now(),
     "updatedAt" timestamptz NOT NULL DEFAULT now(), "deletedAt" timestamptz, origin text, hidden text,
     loud text GENERATED ALWAYS AS (name || '!') STORED, token uuid NOT NULL DEFAULT gen_random_uuid())`,
  'CREATE TABLE customers (id uuid PRIMARY KEY, email text UNIQUE, advised_by uuid REFERENCES customers)',
  'CREATE TABLE orders_of (customer_id uuid REFERENCES customers, number integer, PRIMARY KEY (customer_id, number))',
  'CREATE TABLE notes_on (id integer PRIMARY KEY, on_customer uuid REFERENCES customers, at timestamp)',
  'CREATE TABLE parcels_kept (id uuid PRIMARY KEY)',
  'CREATE TABLE kept (id integer PRIMARY KEY, parcel uuid REFERENCES parcels_kept)',
  'CREATE TABLE things_kept (id integer PRIMARY KEY, at timestamptz, kind varchar NOT NULL, title text, size integer)',
  'CREATE TABLE numbered (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name text)',
];

const entities = [Odd, Counted, Customer, Order, Parcel, Kept, Note, Thing, Book, Box, Numbered];
const [one, two, three] = [1, 2, 3].map((n) => `00000000-0000-7000-8000-00000000000${n}`) as [
  string,
  string,
  string,
];

let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  database = await createTestDatabase({ empty: true });
  dataSource = await new DataSource({
    type: 'postgres',
    url: database.url,
    installExtensions: false,
    entities,
  }).initialize();
  for (const table of tables) await dataSource.query(table);
});

afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

beforeEach(() =>
  dataSource.query(
    'TRUNCATE odd, counted, customers, orders_of, notes_on, kept, parcels_kept, things_kept, numbered',
  ),
);

type Act = (rows: CollectedRows['of'], manager: EntityManager) => unknown;

/** What the acts collect, written at their end; as one event, or as a batch of several. */
async function batch(act: Act, isOneEvent = false): Promise<void> {
  await dataSource.transaction(async (manager) => {
    const collected = new CollectedRows(manager);
    if (isOneEvent) collected.nextEvent();
    await act(collected.of, manager);
    await collected.write();
  });
}

const raw = (table: string): Promise<Record<string, unknown>[]> =>
  dataSource
    .query(`SELECT to_jsonb(t) AS row FROM ${table} AS t ORDER BY t::text`)
    .then((rows: { row: Record<string, unknown> }[]) => rows.map(({ row }) => row));

/** The rows that the driver leaves, and those that `rows()` leaves, of one table. */
async function both(
  table: string,
  byDriver: (manager: EntityManager) => Promise<unknown>,
  byRows: Act,
): Promise<[unknown, unknown]> {
  await dataSource.transaction(byDriver);
  const driver = await raw(table);
  await dataSource.query(`TRUNCATE ${table} CASCADE`);
  await batch(byRows);
  return [await raw(table), driver];
}

const odd = (): Odd => ({
  key: new Reference('a'),
  price: 12.5,
  secret: 'abc',
  tags: ['x', 'y'],
  usual: 'not',
  day: new Date('2026-01-01T00:30:00Z'),
  proto: 'p',
  owner: { name: 'Ann', home: { town: 'Ulm', since: new Date('2026-01-01T00:00:00.123Z') } },
});

describe('rows of an entity with transformers, embedded objects and odd names', () => {
  it('are those of the driver, which transforms once', async () => {
    const [rows, driver] = await both(
      'odd',
      (manager) => manager.insert(Odd, odd()),
      (of) => of(Odd).insert(odd()),
    );
    expect(rows).toEqual(driver);
    expect(rows).toMatchObject([{ select: 1250, 'ein Öre :x $1': '<cba>' }]);
  });

  it('have what the driver gives for members that a new row does not name', async () => {
    const few = { key: new Reference('a'), owner: { home: {} } } as Odd;
    for (const act of ['insert', 'put'] as const) {
      const [rows, driver] = await both(
        'odd',
        (manager) => manager.insert(Odd, few),
        (of) => of(Odd)[act](few),
      );
      expect(rows).toEqual(driver);
      expect(rows).toMatchObject([{ tags: '', usual: 'as ever' }]);
      await dataSource.query('TRUNCATE odd');
    }
  });

  it('are found by the value of the member, and come back transformed, from the batch and from the table', async () => {
    const key = new Reference('a');
    await batch(async (of) => {
      of(Odd).put(odd());
      const early = await of(Odd).get(key);
      expect(early).toEqual({ ...odd(), day: '2026-01-01' });
      expect(await of(Odd).get({ key })).toEqual(early);
    });
    await batch(async (of) => {
      const row = await of(Odd).get(key);
      expect(row).toBeInstanceOf(Odd);
      expect(row).toEqual({ ...odd(), day: '2026-01-01' });
      of(Odd).put({ ...row, price: (row?.price ?? 0) + 1 });
      expect((await of(Odd).get(key))?.price).toBe(13.5);
      of(Odd).update(key, { secret: null, owner: { name: null } as Owner });
    });
    expect(await raw('odd')).toMatchObject([
      { select: 1350, 'ein Öre :x $1': null, ownerName: null, ownerHomeTown: 'Ulm', tags: 'x;y' },
    ]);
    await batch((of) => of(Odd).delete(key));
    expect(await raw('odd')).toEqual([]);
  });

  it('refuse a member that no column takes, also inside an embedded object', async () => {
    const wrong = { ...odd(), owner: { ...odd().owner, home: { town: 'Ulm', twon: 'Ulm' } } } as never;
    await expect(batch((of) => of(Odd).put(wrong))).rejects.toThrow('Odd has no column for owner.home.twon');
  });

  it('refuse a function, bytes for text and an invalid date, each by its column', async () => {
    const { owner } = odd();
    const put = (change: object) => batch((of) => of(Odd).put({ ...odd(), ...change }));
    await expect(put({ usual: () => 'now()' })).rejects.toThrow('Odd.usual was given a function');
    await expect(put({ usual: Buffer.from('x') })).rejects.toThrow('Odd.usual was given bytes');
    await expect(put({ owner: { ...owner, home: { town: 'Ulm', since: new Date(NaN) } } })).rejects.toThrow(
      'Odd.owner.home.since was given an invalid date',
    );
  });
});

describe('columns that the driver or the database fills', () => {
  it('count each change, in a batch and one by one', async () => {
    const acts: Act[] = [
      (of) => of(Counted).insert({ id: 1, name: 'a' }),
      (of) => of(Counted).update(1, { name: 'b' }),
      (of) => of(Counted).put({ id: 1, name: 'c' }),
      (of) => of(Counted).put({ id: 2, name: 'x' }),
      (of) => of(Counted).put({ id: 2, name: 'y' }),
      (of) => of(Counted).put({ id: 3, name: 'x', version: 7 }),
      (of) => of(Counted).update(3, { name: 'z' }),
    ];
    for (const act of acts) await batch(act);
    const versions = async () => (await raw('counted')).map(({ id, version }) => [id, version]);
    expect(await versions()).toEqual([
      [1, 3],
      [2, 2],
      [3, 8],
    ]);
    await dataSource.query('TRUNCATE counted');
    await batch(async (of, manager) => {
      for (const act of acts) await act(of, manager);
    });
    expect(await versions()).toEqual([
      [1, 3],
      [2, 2],
      [3, 8],
    ]);
    await batch(async (of) => {
      for (let n = 0; n < 3; n++) of(Counted).put({ id: 1, name: `n${n}` });
      expect((await of(Counted).get(1))?.version).toBe(6);
      const row = await of(Counted).get(1);
      of(Counted).put({ ...row, name: 'last' });
      expect((await of(Counted).get(1))?.version).toBe(7);
    });
    expect(await versions()).toEqual([
      [1, 7],
      [2, 2],
      [3, 8],
    ]);
  });

  it('move the time of the last change unless it is given, and leave what may not change', async () => {
    await batch((of) => of(Counted).put({ id: 1, name: 'a', origin: 'first', hidden: 'h' }));
    const [before] = await raw('counted');
    await batch((of) => of(Counted).put({ id: 1, name: 'b', origin: 'second' }));
    await batch((of) => of(Counted).update(1, { origin: 'third', name: 'c' }));
    const [after] = await raw('counted');
    expect(after).toMatchObject({
      name: 'c',
      origin: 'first',
      hidden: 'h',
      loud: 'c!',
      createdAt: before?.createdAt,
      token: before?.token,
    });
    expect(after?.updatedAt).not.toEqual(before?.updatedAt);
    const updatedAt = new Date('2026-01-01T00:00:00Z');
    await batch((of) => of(Counted).update(1, { name: 'd', updatedAt }));
    expect(await raw('counted')).toMatchObject([{ updatedAt: '2026-01-01T00:00:00+00:00' }]);
  });

  it('may be given back as they were read, also those that nobody may write', async () => {
    await batch((of) => of(Counted).put({ id: 1, name: 'a', hidden: 'h' }));
    const before = await raw('counted');
    await batch(async (of) => {
      const row = await of(Counted).get(1);
      of(Counted).put({ ...row });
    });
    expect(await raw('counted')).toEqual(before);
  });

  it('show a row that is marked as deleted, in the batch and after it', async () => {
    const deletedAt = new Date('2026-01-01T00:00:00Z');
    await batch(async (of) => {
      of(Counted).put({ id: 1, name: 'a', deletedAt });
      expect(await of(Counted).get(1)).toMatchObject({ deletedAt });
    });
    await batch(async (of) => expect(await of(Counted).get(1)).toMatchObject({ deletedAt }));
  });

  it('number rows whose key the database makes, when the projector gives the key', async () => {
    await batch((of) => of(Numbered).put({ id: 5, name: 'x' }));
    expect(await raw('numbered')).toEqual([{ id: 5, name: 'x' }]);
    await expect(batch((of) => of(Numbered).put({ name: 'x' }))).rejects.toThrow('named by id');
  });
});

describe('relations', () => {
  const customer = (id: string, more: Partial<Customer> = {}): Partial<Customer> => ({ id, ...more });

  it('are written by their join column, given as a row or as its key', async () => {
    const [rows, driver] = await both(
      'notes_on',
      async (manager) => {
        await manager.insert(Customer, [{ id: one }, { id: two }]);
        await manager.insert(Note, [
          { id: 1, on: { id: one } },
          { id: 2, on: two },
          { id: 3, on: null },
        ]);
      },
      (of) => {
        of(Note).put({ id: 1, on: { id: one } as Customer });
        of(Note).put({ id: 2, on: two });
        of(Note).put({ id: 3, on: null });
      },
    );
    expect(rows).toEqual(driver);
    await expect(batch((of) => of(Note).put({ id: 4, on: {} as Customer }))).rejects.toThrow(
      'Note.on is given without its key',
    );
  });

  it('may be part of a key, and come back as the driver loads them', async () => {
    await batch(async (of) => {
      of(Customer).put(customer(one, { email: 'a' }));
      of(Order).put({ customer: { id: one } as Customer, number: 1 });
      of(Order).put({ customerId: one, number: 2 });
      of(Note).put({ id: 1, on: one });
      expect(await of(Note).get(1)).toMatchObject({ on: { id: one, email: 'a' } });
      expect(await of(Order).get({ customerId: one, number: 1 })).toEqual({ customerId: one, number: 1 });
    });
    await batch(async (of) => {
      const note = await of(Note).get(1);
      of(Note).put({ ...note, at: new Date(0) });
      of(Order).delete({ customer: { id: one } as Customer, number: 2 });
    });
    expect(await raw('notes_on')).toMatchObject([{ on_customer: one }]);
    expect(await raw('orders_of')).toHaveLength(1);
  });

  it.each([true, false])(
    'are written before the rows that refer to them, and deleted after (one event: %s)',
    async (isOneEvent) => {
      await batch(async (of) => {
        expect(await of(Order).get({ customerId: one, number: 1 })).toBeUndefined();
        of(Customer).put(customer(one));
        of(Order).put({ customerId: one, number: 1 });
      });
      await batch((of) => {
        of(Customer).insert(customer(two));
        of(Order).insert({ customerId: two, number: 1 });
      }, isOneEvent);
      await batch((of) => {
        of(Order).delete({ customerId: one, number: 1 });
        of(Customer).delete(one);
      }, isOneEvent);
      expect([await raw('orders_of'), await raw('customers')]).toMatchObject([
        [{ customer_id: two }],
        [{ id: two }],
      ]);
    },
  );

  it.each([true, false])(
    'are written before others though they are collected after them (one event: %s)',
    async (isOneEvent) => {
      await batch((of) => {
        of(Note).put({ id: 1, on: null });
        of(Kept).put({ id: 1, parcel: one });
        of(Parcel).put({ id: one });
      }, isOneEvent);
      await batch((of) => {
        of(Parcel).delete(one);
        of(Kept).delete(1);
      }, isOneEvent);
      expect([await raw('kept'), await raw('parcels_kept')]).toEqual([[], []]);
    },
  );

  it('within one table keep the order of the events', async () => {
    await batch((of) => {
      of(Customer).insert(customer(one, { email: 'x', adviser: null }));
      of(Customer).insert(customer(two, { adviser: one }));
      of(Customer).insert(customer(three));
      of(Customer).update(two, { adviser: three });
      of(Customer).delete(one);
    });
    expect(await raw('customers')).toMatchObject([{ id: two, advised_by: three }, { id: three }]);
  });

  it('let one event give up a row that another of its rows referred to', async () => {
    await batch((of) => {
      of(Customer).insert(customer(one));
      of(Note).insert({ id: 1, on: one });
    });
    await batch((of) => {
      of(Customer).insert(customer(two));
      of(Note).update(1, { on: two });
      of(Customer).delete(one);
    }, true);
    expect(await raw('notes_on')).toMatchObject([{ on_customer: two }]);
  });

  it('let one event hand a unique value on, in the order in which it says so', async () => {
    await batch((of) => {
      of(Customer).insert(customer(one, { email: 'a' }));
      of(Customer).insert(customer(two, { email: 'b' }));
      of(Customer).insert(customer(three, { email: 'c' }));
    });
    await batch((of) => {
      of(Customer).update(three, { email: 'd' });
      of(Customer).update(two, { email: 'c' });
      of(Customer).update(one, { email: 'b' });
    }, true);
    expect((await raw('customers')).map(({ email }) => email)).toEqual(['b', 'c', 'd']);
  });
});

describe('classes that share a table', () => {
  it('are told by the column that names them', async () => {
    const at = new Date('2026-01-01T00:00:00.001Z');
    const [rows, driver] = await both(
      'things_kept',
      async (manager) => {
        await manager.insert(Book, { id: 1, title: 'T', at });
        await manager.insert(Box, { id: 2, size: 3 });
        await manager.update(Book, 1, { title: 'U' });
      },
      (of) => {
        of(Book).put({ id: 1, title: 'T', at });
        of(Box).insert({ id: 2, size: 3 });
        of(Book).update(1, { title: 'U' });
      },
    );
    expect(rows).toEqual(driver);
    await batch(async (of) => {
      expect(await of(Book).get(1)).toBeInstanceOf(Book);
      expect(await of(Box).get(1)).toBeUndefined();
      expect(await of(Thing).get(2)).toMatchObject({ size: 3 });
      of(Thing).update(2, { at });
      expect(await of(Box).get(2)).toMatchObject({ at, size: 3 });
      of(Book).delete(1);
      of(Box).put({ id: 1, size: 1 });
      expect(await of(Box).get(1)).toMatchObject({ id: 1, size: 1 });
    });
    await expect(batch((of) => of(Book).update(2, { title: 'x' }))).rejects.toThrow(
      'no row in "things_kept"',
    );
    await expect(batch((of) => of(Book).delete(2))).rejects.toThrow('no row in "things_kept"');
  });
});

describe('what a row gives back', () => {
  it('is not what was lost on the way to JavaScript: microseconds stay as they are', async () => {
    await dataSource.query(`INSERT INTO things_kept VALUES (1, '2026-01-01T00:00:00.123456Z', 'book', 'T')`);
    await dataSource.query(`INSERT INTO customers VALUES ('${one}')`);
    await dataSource.query(`INSERT INTO notes_on VALUES (1, NULL, '2026-01-01 00:00:00.123456')`);
    await batch(async (of) => {
      const book = await of(Book).get(1);
      of(Book).put({ ...book, title: 'U' });
      const note = await of(Note).get(1);
      // Another row is read through meanwhile, which writes what is collected.
      of(Note).put({ id: 2 });
      await of(Note).get(2);
      of(Note).put({ ...note, on: one });
    });
    expect(await raw('things_kept')).toMatchObject([{ title: 'U', at: '2026-01-01T00:00:00.123456+00:00' }]);
    expect(await raw('notes_on')).toMatchObject([
      { at: '2026-01-01T00:00:00.123456', on_customer: one },
      { id: 2 },
    ]);
  });

  it('is written where SQL of the projector changed it meanwhile', async () => {
    await batch((of) => of(Note).put({ id: 1, at: new Date(1_000) }));
    await batch(async (of, manager) => {
      const note = await of(Note).get(1);
      await of(Note).write();
      await manager.query('UPDATE notes_on SET at = NULL');
      of(Note).put({ ...note });
    });
    expect((await dataSource.getRepository(Note).findOneByOrFail({ id: 1 })).at).toEqual(new Date(1_000));
  });
});

it('refuses an entity whose methods it would pass over', async () => {
  const metadata = dataSource.getMetadata(Numbered as EntityTarget<ObjectLiteral>);
  metadata.beforeUpdateListeners = [{ propertyName: 'touch' } as never];
  await expect(batch((of) => of(Numbered).put({ id: 1, name: 'x' }))).rejects.toThrow(
    'Numbered.touch is a listener, which rows() does not call',
  );
  metadata.beforeUpdateListeners = [];
});
