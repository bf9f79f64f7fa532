import { Logger, Type } from '@nestjs/common';
import {
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  VersionColumn,
} from 'typeorm';
import {
  aggregateRepositoryToken,
  EventSourcedRepository,
  ProjectionPositions,
  SubscriptionControl,
} from '../../../src/event-sourcing';
import { createTestDatabase, TestDatabase } from '../../support/test-database';
import { Bell, BellEntity, bellsProjector, createBells, refusal, run, startHost, stopHosts } from './host';

let database: TestDatabase;

beforeEach(async () => {
  for (const level of ['log', 'warn', 'error'] as const)
    jest.spyOn(Logger.prototype, level).mockImplementation();
  database = await createTestDatabase();
});

afterEach(async () => {
  await stopHosts();
  await database.drop();
  jest.restoreAllMocks();
});

const sql = (text: string) => run(database.url, text);

/** Starts, rings a bell, and gives the rows when the projection has got there. */
async function ring(projector: Type, name: string): Promise<object[]> {
  const application = await startHost({ url: database.url, projectors: [projector] });
  const bells = application.get<EventSourcedRepository<Bell>>(aggregateRepositoryToken(Bell), {
    strict: false,
  });
  const bell = (await bells.find('a')) ?? new Bell('a');
  const { position } = await bells.save(bell.ring());
  const positions = application.get(ProjectionPositions, { strict: false });
  expect(await positions.waitFor(name, position, 10_000)).toBe(true);
  await stopHosts();
  return sql('SELECT id, rings FROM bells');
}

describe('the table of a read model', () => {
  const wrong = 'The table "bells" of projector "bells" is not as entity BellEntity says: ';

  it.each([
    [
      'is not there',
      'SELECT',
      'There is no table "bells" of projector "bells". Run its migration, or correct the name in entity BellEntity.',
    ],
    [
      'is a view',
      "CREATE VIEW bells AS SELECT 'a'::text AS id, 1 AS rings",
      'What entity BellEntity calls table "bells" of projector "bells" is no table.',
    ],
    [
      'lacks a column',
      'CREATE TABLE bells (id text PRIMARY KEY)',
      `${wrong}it has no column "rings". Change the table by a migration`,
    ],
    [
      'has a column in another case',
      'CREATE TABLE bells (id text PRIMARY KEY, "Rings" integer NOT NULL)',
      `${wrong}it has no column "rings"`,
    ],
    [
      'has a column of another type',
      'CREATE TABLE bells (id text PRIMARY KEY, rings text NOT NULL)',
      `${wrong}column "rings" is text, and not integer`,
    ],
    [
      'has a number of another size',
      'CREATE TABLE bells (id text PRIMARY KEY, rings bigint NOT NULL)',
      `${wrong}column "rings" is bigint, and not integer`,
    ],
    [
      'has a list in place of a value',
      'CREATE TABLE bells (id text PRIMARY KEY, rings integer[] NOT NULL)',
      `${wrong}column "rings" is integer[], and not integer`,
    ],
    [
      'takes shorter texts',
      'CREATE TABLE bells (id varchar(10) PRIMARY KEY, rings integer NOT NULL)',
      `${wrong}column "id" takes 10 characters, and the entity allows any number`,
    ],
    [
      'allows null where the entity does not',
      'CREATE TABLE bells (id text PRIMARY KEY, rings integer)',
      `${wrong}column "rings" allows null, and the entity does not`,
    ],
    [
      'has no key',
      'CREATE TABLE bells (id text NOT NULL, rings integer NOT NULL)',
      `${wrong}no primary key and no unique index is on exactly (id), the key of the entity`,
    ],
    [
      'has a wider key',
      'CREATE TABLE bells (id text, rings integer, PRIMARY KEY (id, rings))',
      `${wrong}no primary key and no unique index is on exactly (id)`,
    ],
    [
      'has a key for some rows only',
      'CREATE TABLE bells (id text NOT NULL, rings integer NOT NULL); CREATE UNIQUE INDEX ON bells (id) WHERE rings > 0',
      `${wrong}no primary key and no unique index is on exactly (id)`,
    ],
    [
      'wants a column that the entity does not have',
      'CREATE TABLE bells (id text PRIMARY KEY, rings integer NOT NULL, tower text NOT NULL)',
      `${wrong}column "tower" is NOT NULL without a default, and the entity does not have it, so that no row could be inserted`,
    ],
  ])('ends the start when it %s', async (_case, create, sentence) => {
    await sql(create);
    expect(await refusal({ url: database.url })).toContain(`TableMismatchError: ${sentence}`);
    expect(await sql('SELECT FROM annals.subscriptions')).toEqual([]);
  });

  it.each([
    ['as the entity says', createBells],
    ['with a limit of no use', 'CREATE TABLE bells (id varchar PRIMARY KEY, rings integer NOT NULL)'],
    [
      'with a unique index in place of a key',
      'CREATE TABLE bells (id text NOT NULL UNIQUE, rings int4 NOT NULL)',
    ],
    [
      'with columns of its own',
      `CREATE TABLE bells (id text PRIMARY KEY, rings integer NOT NULL, note text, at timestamptz NOT NULL DEFAULT now(),
       nth bigint GENERATED ALWAYS AS IDENTITY, twice integer NOT NULL GENERATED ALWAYS AS (rings * 2) STORED)`,
    ],
    [
      'with a column that a trigger fills',
      `CREATE TABLE bells (id text PRIMARY KEY, rings integer NOT NULL, tower text NOT NULL);
       CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.tower := 'x'; RETURN NEW; END $$;
       CREATE TRIGGER fills BEFORE INSERT ON bells FOR EACH ROW EXECUTE FUNCTION fill()`,
    ],
    [
      'with domains',
      `CREATE DOMAIN many AS integer CHECK (VALUE >= 0); CREATE DOMAIN code AS text;
       CREATE TABLE bells (id code PRIMARY KEY, rings many NOT NULL)`,
    ],
    [
      'in partitions',
      `CREATE TABLE bells (id text PRIMARY KEY, rings integer NOT NULL) PARTITION BY HASH (id);
       CREATE TABLE bells_0 PARTITION OF bells FOR VALUES WITH (MODULUS 1, REMAINDER 0)`,
    ],
  ])('serves %s', async (_case, create) => {
    await sql(create);
    expect(await ring(bellsProjector(), 'bells')).toEqual([{ id: 'a', rings: 1 }]);
  });

  it('serves an entity with every kind of column that TypeORM makes', async () => {
    @Entity('towers')
    class Tower {
      @PrimaryGeneratedColumn('uuid')
      id!: string;
    }
    @Entity('kinds')
    class Kinds {
      @PrimaryColumn('bigint')
      a!: string;
      @PrimaryColumn()
      b!: string;
      @Column()
      number!: number;
      @Column()
      boolean!: boolean;
      @Column()
      date!: Date;
      @Column('varchar', { length: 20, nullable: true })
      varchar!: string | null;
      @Column('char', { length: 3 })
      char!: string;
      @Column({ type: 'timestamptz', precision: 3 })
      timestamptz!: Date;
      @Column('timestamp')
      timestamp!: Date;
      @Column('time')
      time!: string;
      @Column('timetz')
      timetz!: string;
      @Column('interval')
      interval!: string;
      @Column('decimal', { precision: 10, scale: 2 })
      decimal!: string;
      @Column('float')
      float!: number;
      @Column('float4')
      float4!: number;
      @Column('int2')
      int2!: number;
      @Column('money')
      money!: string;
      @Column('json')
      json!: object;
      @Column('jsonb')
      jsonb!: object;
      @Column('bytea')
      bytea!: Buffer;
      @Column('text', { array: true })
      texts!: string[];
      @Column('int', { array: true })
      ints!: number[];
      @Column('enum', { enum: ['a', 'b'] })
      enum!: string;
      @Column('enum', { enum: ['a', 'b'], array: true })
      enums!: string[];
      @Column('simple-enum', { enum: ['a', 'b'] })
      simpleEnum!: string;
      @Column('simple-array')
      simpleArray!: string[];
      @Column('simple-json')
      simpleJson!: object;
      @Column('inet')
      inet!: string;
      @Column('int4range')
      range!: string;
      @Column('tsvector')
      vector!: string;
      @Column('xml')
      xml!: string;
      @Column({ type: 'bit', length: 4 })
      bit!: string;
      @Column('varbit')
      varbit!: string;
      @Column('point')
      point!: string;
      @VersionColumn()
      version!: number;
      @Index()
      @ManyToOne(() => Tower)
      @JoinColumn({ name: 'tower_id' })
      tower!: Tower;
    }
    const entities = [Tower, Kinds, BellEntity];
    const made = await startHost({
      url: database.url,
      entities,
      projectors: [],
      typeorm: { synchronize: true },
    });
    await made.close();
    const projectors = [bellsProjector('kinds', Kinds), bellsProjector('bells')];
    await expect(startHost({ url: database.url, entities, projectors })).resolves.toBeDefined();
  });

  it('is not looked at by a process that runs no subscriptions', async () => {
    const kernel = { subscriptions: { enabled: false } };
    await expect(startHost({ url: database.url, kernel })).resolves.toBeDefined();
  });
});

describe('the rights of the role', () => {
  const asBob = () => {
    const url = new URL(database.url);
    url.username = 'bob';
    url.password = 'bob';
    return url.href;
  };

  beforeEach(() =>
    sql(`${createBells}; DROP ROLE IF EXISTS bob; CREATE ROLE bob LOGIN PASSWORD 'bob';
      GRANT USAGE ON SCHEMA annals TO bob;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public, annals TO bob;
      GRANT EXECUTE ON FUNCTION annals.append_events, annals.try_append_batch, annals.try_append_event TO bob`),
  );

  afterEach(() => sql('DROP OWNED BY bob; DROP ROLE bob'));

  it.each([
    [
      'to write the rows',
      'REVOKE INSERT, DELETE ON bells FROM bob',
      'GRANT INSERT ON bells TO bob; GRANT DELETE ON bells TO bob.',
    ],
    ['to read the log', 'REVOKE SELECT ON annals.events FROM bob', 'GRANT SELECT ON annals.events TO bob.'],
    [
      'to move checkpoints',
      'REVOKE UPDATE ON annals.subscriptions FROM bob',
      'GRANT UPDATE ON annals.subscriptions TO bob.',
    ],
    [
      'to park events',
      'REVOKE ALL ON annals.parked_events FROM bob',
      'GRANT SELECT ON annals.parked_events TO bob; GRANT INSERT',
    ],
    [
      'to append',
      'REVOKE EXECUTE ON FUNCTION annals.append_events FROM bob',
      'GRANT EXECUTE ON FUNCTION annals.append_events TO bob.',
    ],
    [
      'to look into the schema',
      'REVOKE USAGE ON SCHEMA annals FROM bob',
      'GRANT USAGE ON SCHEMA annals TO bob.',
    ],
  ])('%s are asked for, with the grant', async (_case, revoke, grant) => {
    await sql(revoke);
    expect(await refusal({ url: asBob() })).toContain(
      `The role "bob" of this process lacks rights that it needs. As the owner, run: ${grant}`,
    );
  });

  it('are enough column by column', async () => {
    await sql(
      'REVOKE UPDATE ON bells FROM bob; GRANT UPDATE (rings) ON bells TO bob; GRANT ALL ON SCHEMA annals_shadow, annals_old TO bob',
    );
    await expect(startHost({ url: asBob() })).resolves.toBeDefined();
  });
});

describe('the writer of a table', () => {
  beforeEach(() => sql(createBells));

  it('is one projector: two on one entity end the start', async () => {
    const projectors = [bellsProjector('bells'), bellsProjector('chimes')];
    expect(await refusal({ url: database.url, projectors })).toBe(
      'EventRegistrationError: Projectors "bells" and "chimes" both write table "bells", and a rebuild of one would drop the rows of ' +
        'the other. Give each a table of its own, or make one projector of them.',
    );
  });

  it('is one projector: also where two entities have one table', async () => {
    @Entity('bells')
    class AlsoBells {
      @PrimaryColumn('text')
      id!: string;

      @Column('integer')
      rings!: number;
    }
    const projectors = [bellsProjector('bells'), bellsProjector('chimes', AlsoBells)];
    expect(await refusal({ url: database.url, projectors, entities: [BellEntity, AlsoBells] })).toContain(
      'both write table "bells"',
    );
  });

  it('is kept in the database: a renamed projector ends the start, and goes on when its checkpoint has the new name', async () => {
    expect(await ring(bellsProjector('bells'), 'bells')).toEqual([{ id: 'a', rings: 1 }]);
    const renamed = bellsProjector('chimes');
    const sentence =
      'TableOwnerError: Table public.bells holds the rows of projection "bells", and projector "chimes" would count every event ' +
      'again upon them. If the projector was renamed, rename its checkpoint, as the owner of the log: ' +
      "SELECT annals.rename_projection('bells', 'chimes'). If not, give it a table of its own.";
    expect(await refusal({ url: database.url, projectors: [renamed] })).toBe(sentence);
    expect(await sql('SELECT rings FROM bells')).toEqual([{ rings: 1 }]);
    const kernel = { subscriptions: { enabled: false } };
    const operator = await startHost({ url: database.url, projectors: [renamed], kernel });
    await operator.get(SubscriptionControl, { strict: false }).rename('bells', 'chimes');
    await stopHosts();
    expect(await ring(renamed, 'chimes')).toEqual([{ id: 'a', rings: 2 }]);
    expect(await refusal({ url: database.url, projectors: [bellsProjector('bells')] })).toContain(
      'holds the rows of projection "chimes"',
    );
  });

  it('is known for tables of before: rows without a checkpoint end the start', async () => {
    await ring(bellsProjector('bells'), 'bells');
    await sql('DELETE FROM annals.read_model_tables');
    expect(await refusal({ url: database.url, projectors: [bellsProjector('chimes')] })).toContain(
      'Table public.bells has rows already, and projection "chimes" has no checkpoint',
    );
    expect(await ring(bellsProjector('bells'), 'bells')).toEqual([{ id: 'a', rings: 2 }]);
  });

  it.each([
    ['an unknown old name', 'chimes', 'gongs', 'There is no checkpoint of a projection "gongs".'],
    ['a new name that no projector has', 'gongs', 'bells', 'There is no subscription "gongs".'],
    [
      'an old name that a projector has still',
      'chimes',
      'chimes',
      'There is a checkpoint of "chimes" already.',
    ],
  ])('is not renamed with %s', async (_case, to, from, sentence) => {
    await ring(bellsProjector('bells'), 'bells');
    const projectors = [bellsProjector('chimes')];
    const operator = await startHost({
      url: database.url,
      projectors,
      kernel: { subscriptions: { enabled: false } },
    });
    if (from === to) await sql(`UPDATE annals.subscriptions SET name = '${to}'`);
    await expect(operator.get(SubscriptionControl, { strict: false }).rename(from, to)).rejects.toThrow(
      sentence,
    );
  });

  it('is not renamed while a process runs it', async () => {
    await startHost({ url: database.url });
    const owner = async () => (await sql('SELECT FROM annals.subscriptions WHERE owner IS NOT NULL')).length;
    for (let tries = 0; (await owner()) === 0 && tries < 200; tries++)
      await new Promise((next) => setTimeout(next, 25));
    const projectors = [bellsProjector('chimes')];
    const operator = await startHost({
      url: database.url,
      projectors,
      kernel: { subscriptions: { enabled: false } },
    });
    const control = operator.get(SubscriptionControl, { strict: false });
    await expect(control.rename('bells', 'chimes')).rejects.toThrow('A process runs "bells". Stop it first.');
  });
});

describe('a version of a projector that went back', () => {
  it('is said at the start, with the mend, and the other subscriptions go on', async () => {
    await sql(createBells);
    await ring(bellsProjector('bells', BellEntity, 2), 'bells');
    const errors = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    const warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    await startHost({ url: database.url, projectors: [bellsProjector()] });
    const said = () => [...errors.mock.calls, ...warnings.mock.calls].flat().join('\n');
    for (let tries = 0; !said().includes('were made by its version 2') && tries < 200; tries++)
      await new Promise((resolve) => setTimeout(resolve, 25));
    expect(said()).toContain('Deploy version 2, or ');
  });
});
