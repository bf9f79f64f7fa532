import { randomUUID } from 'node:crypto';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';
import {
  BoundedPool,
  CheckpointCheck,
  EventRegistry,
  LogCheck,
  PostgresEventStore,
  AppendSignal,
  ProjectionFold,
  Projections,
  Projector,
  type ProjectionContext,
} from '../../../src/event-sourcing';
import { On } from '../../../src/event-sourcing/domain';
import { inSnapshot } from '../../../src/event-sourcing/postgres/in-snapshot';
import { compareTables } from '../../../src/event-sourcing/projections/compare-tables';
import { createTestDatabase, TestDatabase } from '../../support/test-database';
import { Counted, Tally } from './tally';
import pg from 'pg';

/** Rows of the columns that a clumsy statement takes for something of its own. */
@Entity('Odd "names"')
class Odd {
  @PrimaryColumn('text', { name: 'o' })
  o!: string;

  @Column('integer', { name: 'n' })
  n!: number;

  @Column('text', { name: 'row' })
  row!: string;

  @Column('text', { name: 'constructor' })
  maker!: string;

  @Column('text', { name: '__proto__' })
  proto!: string;

  @Column('text', { name: 'select' })
  select!: string;

  @Column('text', { name: 'Up"per' })
  upper!: string;

  @Column('jsonb', { name: 'to_jsonb' })
  json!: unknown;

  @Column('integer', { name: 'ctid_' })
  ctid!: number;
}

const events = 300_000;

/** 60 streams, whose versions and positions are dense. */
const fill = `
  INSERT INTO annals.events (position, event_id, event_type, schema_version, aggregate_type, aggregate_id, aggregate_version, timestamp, data, metadata)
  SELECT n, gen_random_uuid(), 'Counted', 1, 'Tally', (n % 60)::text, (n - 1) / 60 + 1, now(), '{"by": 1}', '{"actor": "test"}'
  FROM generate_series(1, ${events}) AS n;
  ANALYZE annals.events`;

const subscribe = `
  INSERT INTO annals.subscriptions (name, segment, segments, version, position, seen, started_after)
  SELECT 's' || n, segment, 8, 1, p.position, (
    SELECT mod(sum(CASE WHEN bits < 0 THEN bits + 18446744073709551616 ELSE bits END), 18446744073709551616)
    FROM annals.events AS e,
      LATERAL (SELECT ('x' || right(replace(e.event_id::text, '-', ''), 16))::bit(64)::bigint::numeric AS bits) AS id
    WHERE e.position > 10 AND e.position <= p.position), 10
  FROM generate_series(1, 3) AS n, generate_series(0, 7) AS segment, LATERAL (SELECT 100000 + n * 60000 + segment AS position) AS p`;

describe('reads of the whole log', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource({
      type: 'postgres',
      driver: { ...pg, Pool: BoundedPool },
      url: database.url,
      entities: [Tally, Odd],
      poolSize: 1,
      // Far less than the reads take.
      extra: { query_timeout: 400, statement_timeout: 300, idle_in_transaction_session_timeout: 300 },
    }).initialize();
    await inSnapshot(dataSource, () => Promise.resolve());
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    await admin.query(fill);
    await admin.query(subscribe);
    await admin.end();
  }, 120_000);

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  it('have no time limit, neither of the server nor of the client', async () => {
    await expect(dataSource.query('SELECT pg_sleep(1)')).rejects.toThrow(/timeout/);
    await inSnapshot(dataSource, (manager) => manager.query('SELECT pg_sleep(1.2)'));
  });

  it('prove all checkpoints by one pass, in pieces', async () => {
    const proofs = await new CheckpointCheck(dataSource).run(7_777n);
    expect(proofs).toHaveLength(24);
    expect(proofs.filter(({ sawEvery }) => !sawEvery)).toEqual([]);
    await dataSource.query(
      "UPDATE annals.subscriptions SET seen = mod(seen + 1, 18446744073709551616) WHERE name = 's2' AND segment = 3",
    );
    await dataSource.query(
      "UPDATE annals.subscriptions SET position = position + 1 WHERE name = 's3' AND segment = 7",
    );
    const wrong = (await new CheckpointCheck(dataSource).run()).filter(({ sawEvery }) => !sawEvery);
    expect(wrong.map(({ name, segment }) => [name, segment])).toEqual([
      ['s2', 3],
      ['s3', 7],
    ]);
  }, 120_000);

  it('find a checkpoint beyond the log', async () => {
    await dataSource.query(
      `INSERT INTO annals.subscriptions (name, version, position, started_after) VALUES ('beyond', 1, ${events + 5}, ${events + 5})`,
    );
    const proofs = await new CheckpointCheck(dataSource).run();
    expect(proofs.find(({ name }) => name === 'beyond')?.sawEvery).toBe(false);
    await dataSource.query("DELETE FROM annals.subscriptions WHERE name = 'beyond'");
  }, 120_000);

  it('check the log in pieces, and find what is wrong in each and between them', async () => {
    expect(await new LogCheck(dataSource, new EventRegistry()).run()).toEqual({
      events: BigInt(events),
      head: BigInt(events),
      streams: 60n,
      retired: [],
      problems: [],
    });
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    await admin.query('ALTER TABLE annals.events DISABLE TRIGGER events_are_immutable');
    await admin.query('DELETE FROM annals.events WHERE position IN (5, 100000, 100001, 250000)');
    await admin.end();
    const { problems } = await new LogCheck(dataSource, new EventRegistry()).run();
    expect(problems).toEqual([
      'position 6 follows 4',
      'position 100002 follows 99999',
      'position 250001 follows 249999',
      'version 2 follows 0 in stream Tally/5',
      'version 1668 follows 1666 in stream Tally/40',
      'version 1668 follows 1666 in stream Tally/41',
      'version 4168 follows 4166 in stream Tally/40',
    ]);
  }, 120_000);
});

describe('the comparison of tables', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource({ type: 'postgres', url: database.url, entities: [Odd] }).initialize();
    await dataSource.query(`
      CREATE TABLE "Odd ""names""" (o text PRIMARY KEY, n integer, "row" text, constructor text, "__proto__" text, "select" text,
        "Up""per" text, to_jsonb jsonb, ctid_ integer)`);
  });

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  it('sees whole rows, whatever the names of the columns are', async () => {
    await dataSource.query(`CREATE TABLE other AS SELECT * FROM "Odd ""names"""`);
    await dataSource.query(
      `INSERT INTO "Odd ""names""" VALUES ('a', 1, 'r', 'c', 'p', 's', 'u', '{"__proto__": 1}', 1)`,
    );
    await dataSource.query(
      `INSERT INTO other VALUES ('a', 1, 'r', 'c', 'p', 'other', 'u', '{"__proto__": 1}', 1)`,
    );
    const found = await inSnapshot(dataSource, (manager) =>
      compareTables(manager, 'odd', '"Odd ""names"""', 'other'),
    );
    const row = (select: string): string =>
      `{"n": 1, "o": "a", "row": "r", "ctid_": 1, "Up\\"per": "u", "select": "${select}", "to_jsonb": {"__proto__": 1}, "__proto__": "p", "constructor": "c"}`;
    expect(JSON.stringify(found.onlyLeft)).toBe(JSON.stringify([JSON.parse(row('s'))]));
    expect(JSON.stringify(found.onlyRight)).toBe(JSON.stringify([JSON.parse(row('other'))]));
    await dataSource.query('TRUNCATE "Odd ""names"""; DROP TABLE other');
  });

  it.each(['by collected rows', 'by the entity manager'])('folds such rows %s', async (how) => {
    @Projector('odd', { version: 1, entities: [Odd] })
    class OddProjector {
      @On(Counted)
      async onCounted({ by }: Counted, { recorded, manager, rows }: ProjectionContext): Promise<void> {
        const o = recorded.stream.id;
        const row = {
          o,
          n: by,
          row: 'r',
          maker: 'c',
          proto: 'p',
          select: 's',
          upper: 'u',
          json: { o, n: [] },
          ctid: 1,
        };
        if (how === 'by collected rows') rows(Odd).put(row);
        else await manager.save(Odd, row);
      }
    }
    const projections = new Projections(new EventRegistry());
    projections.register(new OddProjector());
    const projection = projections.get('odd');
    const store = new PostgresEventStore(
      { connection: { connectionString: database.url } },
      new AppendSignal(),
    );
    const id = randomUUID();
    await store.appendToStream({ type: 'Tally', id }, [{ type: 'Counted', data: { by: 3 } }], {
      expectedVersion: 'no-stream',
    });
    const recorded = await store.readAll({ after: 0n });
    await dataSource.transaction((manager) => projection.handle(recorded, manager));
    await dataSource.query(
      "INSERT INTO annals.subscriptions (name, version, position) VALUES ('odd', 1, $1) ON CONFLICT (name, segment) DO UPDATE SET position = $1",
      [recorded.length],
    );
    const fold = new ProjectionFold(dataSource, store);
    expect((await fold.compare(projection)).differences).toEqual([]);
    await dataSource.query(`UPDATE "Odd ""names""" SET "select" = 'x' WHERE o = $1`, [id]);
    expect((await fold.compare(projection)).differences).toHaveLength(2);
    await dataSource.query('TRUNCATE "Odd ""names"""');
    await dataSource.query("DELETE FROM annals.subscriptions WHERE name = 'odd'");
    await store.close();
  });
});
