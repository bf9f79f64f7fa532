import { Logger } from '@nestjs/common';
import { getRepositoryToken, TypeOrmModule } from '@nestjs/typeorm';
import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn, Repository } from 'typeorm';
import {
  aggregateRepositoryToken,
  DurableEventsHandler,
  EventSourcedRepository,
  ProjectionPositions,
} from '../../../src/event-sourcing';
import { createTestDatabase, TestDatabase } from '../../support/test-database';
import { Bell, BellEntity, createBells, refusal, run, Rung, startHost, stopHosts } from './host';

let a: TestDatabase;
let b: TestDatabase;

beforeEach(async () => {
  for (const level of ['log', 'warn', 'error'] as const)
    jest.spyOn(Logger.prototype, level).mockImplementation();
  a = await createTestDatabase();
  b = await createTestDatabase();
  for (const { url } of [a, b]) await run(url, createBells);
});

afterEach(async () => {
  await stopHosts();
  await a.drop();
  await b.drop();
  jest.restoreAllMocks();
});

async function ringAndRead(
  application: Awaited<ReturnType<typeof startHost>>,
  name?: string,
): Promise<number> {
  const bells = application.get<EventSourcedRepository<Bell>>(aggregateRepositoryToken(Bell), {
    strict: false,
  });
  const { position } = await bells.save(new Bell('big-ben').ring());
  const positions = application.get(ProjectionPositions, { strict: false });
  expect(await positions.waitFor('bells', position, 10_000)).toBe(true);
  const rows = application.get<Repository<BellEntity>>(
    name ? `${name}_BellEntityRepository` : getRepositoryToken(BellEntity),
    { strict: false },
  );
  return (await rows.findOneByOrFail({ id: 'big-ben' })).rings;
}

describe('the log of the store and that of the data source', () => {
  it('are one: the application starts, and projects', async () => {
    const application = await startHost({ url: a.url, behind: [features()] });
    expect(await ringAndRead(application)).toBe(1);
  });

  it('are two: a clone of the database is another log', async () => {
    const host = { url: b.url, kernel: { store: { connection: { connectionString: a.url } } } };
    expect(await refusal(host)).toMatch(
      /^DatabaseNotReadyError: The event store and the data source lead to different logs: "annals_\w+" \(schema annals, log .*\) and "annals_\w+" \(schema annals, log .*\)\. .* Give both the same connection, or name the right data source: forRoot\(\{ dataSource \}\)\.$/,
    );
    expect(await run(b.url, 'SELECT FROM annals.subscriptions')).toEqual([]);
  });

  it('are one, whatever the search path of the host', async () => {
    await run(
      a.url,
      'CREATE SCHEMA other; CREATE TABLE other.event_log (LIKE annals.event_log INCLUDING ALL); CREATE TABLE other.events (id integer)',
    );
    const url = `${a.url}?options=-csearch_path%3Dother,public`;
    const application = await startHost({ url, behind: [features()] });
    expect(await ringAndRead(application)).toBe(1);
  });

  it('are not where the host would make its own tables in the schema of the log', async () => {
    expect(await refusal({ url: `${a.url}?options=-csearch_path%3Dannals,public` })).toBe(
      'DatabaseNotReadyError: The search path of the role "annals_admin" begins with the schema "annals" of the event store, so the ' +
        'application\'s own tables would be made there. Run: ALTER ROLE "annals_admin" SET search_path = public. Or name another schema: ' +
        'forRoot({ schema }).',
    );
  });

  it('are compared by a process that runs no subscriptions, too', async () => {
    const store = { connection: { connectionString: a.url } };
    expect(await refusal({ url: b.url, kernel: { store, subscriptions: { enabled: false } } })).toContain(
      'different logs',
    );
  });
});

describe('pending migrations', () => {
  it.each([
    ['of an empty database', true, 'SELECT'],
    [
      'of one that lacks the last of them',
      false,
      'DROP VIEW annals.these_tables_are_of_the_log; ALTER TABLE annals.event_log DROP COLUMN log_id',
    ],
    [
      'of one that lacks a table',
      false,
      'DROP VIEW annals.these_tables_are_of_the_log; DROP TABLE annals.parked_events',
    ],
  ])('%s are told before anything else', async (_case, empty, sql) => {
    const database = await createTestDatabase({ empty });
    try {
      await run(database.url, sql);
      expect(await refusal({ url: database.url })).toMatch(
        /^DatabaseNotMigratedError: The database is not migrated for the event store: .* call migrateEventSourcing\(\{ connection, schema: 'annals' \}\) as the role that owns the log\.$/,
      );
    } finally {
      await database.drop();
    }
  });
});

describe('a data source', () => {
  it('by its name', async () => {
    const application = await startHost({
      url: a.url,
      typeorm: { name: 'annals' },
      kernel: { dataSource: 'annals' },
      behind: [features('annals')],
    });
    expect(await ringAndRead(application, 'annals')).toBe(1);
  });

  it('that nobody provides is told of by its name', async () => {
    const sentence = 'EventSourcingModule finds no TypeORM data source';
    expect(await refusal({ url: a.url, kernel: { dataSource: 'anals' } })).toContain(
      `${sentence} "anals". Import TypeOrmModule`,
    );
    const inMemory = { store: 'in-memory' as const, dataSource: 'anals' };
    expect(await refusal({ url: a.url, kernel: inMemory })).toContain(`${sentence} "anals".`);
  });

  it('that has a name is not taken unless it is named', async () => {
    expect(await refusal({ url: a.url, typeorm: { name: 'annals' } })).toContain(
      'There is no data source for the checkpoints of bells. Import TypeOrmModule.forRoot(…); or, if it has a name, give that to the',
    );
  });

  it('may be missing where an application only appends and loads', async () => {
    const store = { connection: { connectionString: a.url } };
    const application = await startHost({ url: false, kernel: { store }, projectors: [] });
    const bells = application.get<EventSourcedRepository<Bell>>(aggregateRepositoryToken(Bell), {
      strict: false,
    });
    expect(await bells.save(new Bell('a').ring())).toMatchObject({ version: 1 });
    await stopHosts();
    expect(await refusal({ url: false, kernel: { store } })).toContain('the checkpoints of bells');
    await run(a.url, 'ALTER TABLE annals.event_log RENAME TO gone');
    expect(await refusal({ url: false, kernel: { store }, projectors: [] })).toContain(
      'DatabaseNotMigratedError: The database is not migrated for the event store',
    );
  });

  it('that reads from replicas is refused, unless it reads from the master by default', async () => {
    const replication = { master: { url: a.url }, slaves: [{ url: b.url }] };
    const kernel = { store: { connection: { connectionString: a.url } } };
    expect(await refusal({ url: a.url, typeorm: { url: undefined, replication }, kernel })).toContain(
      "Set replication: { defaultMode: 'master' }",
    );
    const typeorm = { url: undefined, replication: { ...replication, defaultMode: 'master' } };
    const application = await startHost({ url: a.url, typeorm, kernel, behind: [features()] });
    expect(await ringAndRead(application)).toBe(1);
  });

  it('that drops its schema is refused', async () => {
    expect(await refusal({ url: b.url, typeorm: { dropSchema: true } })).toContain(
      'has dropSchema: true, which drops the log',
    );
  });
});

describe('an entity of the host with the name of a table of the log', () => {
  @Entity('events', { schema: 'annals' })
  class LogEntity {
    @PrimaryGeneratedColumn()
    id!: number;
  }

  @Entity('subscriptions', { schema: 'annals' })
  class CheckpointEntity {
    @PrimaryColumn('text')
    name!: string;
  }

  @Entity('events')
  class ConcertEntity {
    @PrimaryGeneratedColumn()
    id!: number;

    @Column()
    title!: string;
  }

  @Entity('subscriptions')
  class NewsletterEntity {
    @PrimaryColumn('text')
    name!: string;
  }

  it('is the business of the host: both are there, and the log is as it was', async () => {
    const application = await startHost({
      url: a.url,
      entities: [BellEntity, ConcertEntity, NewsletterEntity],
      typeorm: { synchronize: true },
      behind: [features()],
    });
    expect(await ringAndRead(application)).toBe(1);
    expect(await run(a.url, 'SELECT title FROM public.events')).toEqual([]);
    expect(await run(a.url, 'SELECT name FROM public.subscriptions')).toEqual([]);
    expect(await run(a.url, 'SELECT event_type FROM annals.events')).toEqual([{ event_type: 'Rung' }]);
  });

  it.each([
    ['events', LogEntity],
    ['subscriptions', CheckpointEntity],
  ])('and with its schema ends the start: %s', async (table, entity) => {
    expect(await refusal({ url: a.url, entities: [BellEntity, entity] })).toBe(
      `DatabaseNotReadyError: Entity ${entity.name} of the data source has the table "${table}", which is one of the log. ` +
        `Give the entity another table name: @Entity('my_${table}').`,
    );
  });

  it.each([
    ['events', LogEntity],
    ['subscriptions', CheckpointEntity],
  ])(
    'and with its schema, and synchronize: true, leaves every column of the log: %s',
    async (table, entity) => {
      const columns = () =>
        run(
          a.url,
          `SELECT attname FROM pg_attribute WHERE attrelid = 'annals.${table}'::regclass AND attnum > 0 ORDER BY attnum`,
        );
      const before = await columns();
      const message = await refusal({
        url: a.url,
        entities: [BellEntity, entity],
        typeorm: { synchronize: true },
      });
      expect(message).toContain('because other objects depend on it');
      expect(await columns()).toEqual(before);
    },
  );

  it('in a schema of the host is the business of the host', async () => {
    await run(a.url, 'CREATE SCHEMA host');
    @Entity('events', { schema: 'host' })
    class HostEvents {
      @PrimaryGeneratedColumn()
      id!: number;
    }
    const host = { url: a.url, entities: [BellEntity, HostEvents], typeorm: { synchronize: true } };
    await expect(startHost(host)).resolves.toBeDefined();
  });
});

describe('the store in memory', () => {
  @DurableEventsHandler('mail', Rung)
  class Mail {
    handle(): void {}
  }
  const inMemory = { store: 'in-memory' as const };

  it('works without TypeORM where there are no subscriptions', async () => {
    const application = await startHost({ url: false, kernel: inMemory, projectors: [] });
    const bells = application.get<EventSourcedRepository<Bell>>(aggregateRepositoryToken(Bell), {
      strict: false,
    });
    expect(await bells.save(new Bell('a').ring())).toMatchObject({ position: 1n });
  });

  it('tells of subscriptions that have no database for their checkpoints', async () => {
    expect(await refusal({ url: false, kernel: inMemory, projectors: [], providers: [Mail] })).toContain(
      'There is no data source for the checkpoints of mail. Import TypeOrmModule.forRoot(…); or, if it has a name',
    );
  });

  it('is refused on a database with checkpoints, and on one with a log', async () => {
    const application = await startHost({ url: a.url, kernel: inMemory, behind: [features()] });
    expect(await ringAndRead(application)).toBe(1);
    await stopHosts();
    expect(await refusal({ url: a.url, kernel: inMemory })).toContain(
      'The store in memory begins empty, and the database holds checkpoints of another log (bells)',
    );
    await run(
      b.url,
      `INSERT INTO annals.events (position, event_id, event_type, schema_version, aggregate_type, aggregate_id, aggregate_version,
         timestamp, data, metadata)
       VALUES (1, gen_random_uuid(), 'BellRung', 1, 'Bell', 'b', 1, now(), '{}', '{}')`,
    );
    expect(await refusal({ url: b.url, kernel: inMemory })).toContain('and the database holds another log');
  });
});

function features(name?: string) {
  return TypeOrmModule.forFeature([BellEntity], name);
}
