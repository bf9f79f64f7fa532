import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { AppendSignal, EventRegistry, PostgresEventStore, Projections } from '../../../src/event-sourcing';
import { Projection } from '../../../src/event-sourcing/projections/projection';
import { UserEntity } from '../../../src/modules/users/read-model/user.entity';
import { UsersProjector } from '../../../src/modules/users/read-model/users.projector';
import { emailOf, userIdOf } from '../../bench/growth/grown-log';
import { loadLog } from '../../bench/growth/load-log';
import { createTestDatabase, TestDatabase } from '../../support/test-database';
import { ObservedPlans } from './observed-plans';

/** As many rows as ANALYZE reads whole, so that the statistics, and the plans with them, are the same each time. */
const eventCount = 30_000;
const userCount = 30_000;

const insertUsers = `
  INSERT INTO users (user_id, name, email, is_active, created_at, updated_at, version, created_position)
  SELECT id, 'name', email, true, now(), now(), 1, number
  FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS u (id, email, number)`;

const insertOthers = `
  INSERT INTO annals.receipts (caller, key, fingerprint, note, expires_at)
  SELECT 'caller ' || n % 20, 'key ' || n, 'f', 'n', now() + (n - 1000) * interval '1 minute'
  FROM generate_series(1, 10000) AS n;

  INSERT INTO annals.subscriptions (name, segment, segments, version, position)
  SELECT 'subscription ' || n, segment, 4, 1, 1000 FROM generate_series(1, 100) AS n, generate_series(0, 3) AS segment;
  INSERT INTO annals.subscriptions (name, version) VALUES ('users', 1);

  INSERT INTO annals.parked_events (subscription, position, aggregate_type, aggregate_id, state, next_attempt_at)
  SELECT 'subscription ' || position % 10 + 1, position, aggregate_type, aggregate_id,
    CASE WHEN position % 7 = 0 THEN 'retrying' ELSE 'waiting' END,
    CASE WHEN position % 7 = 0 THEN now() + position * interval '1 minute' END
  FROM annals.events WHERE position <= 10000`;

/** The store and the users' read model on a database with enough in it for plans to matter. */
export interface GrownSystem {
  readonly plans: ObservedPlans;
  readonly store: PostgresEventStore;
  readonly dataSource: DataSource;
  readonly users: Projection;
  /** Not observed. */
  readonly sql: Client;
  close(): Promise<void>;
}

export async function startGrown(): Promise<GrownSystem> {
  const database = await createTestDatabase();
  const sql = new Client({ connectionString: database.url });
  await sql.connect();
  await fill(database, sql);
  const plans = new ObservedPlans();
  // One connection, so that a prepared statement meets its earlier executions.
  const connection = { connectionString: database.url, max: 1, Client: plans.Client };
  const store = new PostgresEventStore({ connection }, new AppendSignal());
  const dataSource = await new DataSource({
    type: 'postgres',
    url: database.url,
    entities: [UserEntity],
    extra: { Client: plans.Client },
  }).initialize();
  const projections = new Projections(new EventRegistry());
  projections.register(new UsersProjector());
  return {
    plans,
    store,
    dataSource,
    users: projections.get('users'),
    sql,
    close: async () => {
      await store.close();
      await dataSource.destroy();
      await sql.end();
      await database.drop();
    },
  };
}

async function fill(database: TestDatabase, sql: Client): Promise<void> {
  await loadLog(database.url, { from: 0, to: eventCount });
  const users = Array.from({ length: userCount }, (_, user) => user);
  await sql.query(insertUsers, [users.map(userIdOf), users.map(emailOf)]);
  await sql.query(insertOthers);
  await sql.query('VACUUM ANALYZE');
}
