import { DataSource, Entity, Column, PrimaryColumn } from 'typeorm';
import {
  AppendSignal,
  EventRegistry,
  PostgresEventStore,
  type PostgresEventStoreOptions,
  type ProjectionContext,
  ProjectionFold,
  ProjectionPositions,
  Projections,
  Projector,
  RebuildRunner,
  Rebuilds,
  RebuildSwap,
  SubscriptionControl,
  SubscriptionStatuses,
} from '../../../src/event-sourcing';
import { DomainEvent, On } from '../../../src/event-sourcing/domain';
import { ProgressSignal } from '../../../src/event-sourcing/event-store/progress-signal';
import { Projection } from '../../../src/event-sourcing/projections/projection';
import { segmentsOf } from '../../../src/event-sourcing/projections/projection-segment';
import { DurableHandlers } from '../../../src/event-sourcing/subscriptions/handlers/durable-handlers';
import { Leases } from '../../../src/event-sourcing/subscriptions/checkpoints/leases';
import { SharedLog } from '../../../src/event-sourcing/log/shared-log';
import { Subscribers } from '../../../src/event-sourcing/subscribers';
import { SubscriptionRun } from '../../../src/event-sourcing/subscriptions/delivery/subscription-run';
import { RunFactory } from '../../../src/event-sourcing/subscriptions/delivery/run-factory';
import { WantedReadModels } from '../../../src/event-sourcing/subscriptions/delivery/wanted-read-models';
import {
  defaultSubscriptionSettings,
  SubscriptionSettings,
} from '../../../src/event-sourcing/subscriptions/subscription-settings';
import { createTestDatabase, TestDatabase } from '../../support/test-database';

@DomainEvent('Counted')
export class Counted {
  constructor(readonly by: number) {}
}

/** For no read model here. */
@DomainEvent('Ignored')
export class Ignored {}

@Entity('tallies')
export class Tally {
  @PrimaryColumn('text')
  id!: string;

  @Column('integer')
  total!: number;

  /** Versions in the order in which they were seen. */
  @Column('text')
  seen!: string;
}

/** What a test may do in the middle of a projection. */
export interface Meddling {
  afterRow?: (context: ProjectionContext) => Promise<void> | void;
  /** Collects its rows instead of writing SQL. */
  collects?: boolean;
}

export type RunOptions = Partial<SubscriptionSettings> & {
  readonly meddling?: Meddling;
  readonly version?: number;
  readonly segments?: number;
};

type EntityClass = new () => object;

export interface Rebuilding {
  readonly projection: Projection;
  readonly orders: Rebuilds;
  readonly swap: RebuildSwap;
  readonly runner: RebuildRunner;
}

export interface TallySystem {
  readonly database: TestDatabase;
  readonly dataSource: DataSource;
  readonly store: PostgresEventStore;
  readonly projections: Projections;
  readonly positions: ProjectionPositions;
  readonly fold: ProjectionFold;
  readonly control: SubscriptionControl;
  readonly statuses: SubscriptionStatuses;
  count(stream: string, ...by: number[]): Promise<bigint>;
  /** The subscription as a process of its own runs it. */
  loop(owner: string, options?: RunOptions): SubscriptionRun;
  /** What rebuilds take in a process of its own, which may have one more projector. */
  rebuilding(owner: string, options?: RunOptions & { readonly beside?: object }): Rebuilding;
  tallies(): Promise<Record<string, { total: number; seen: string }>>;
  subscription(): Promise<{ position: string; owner: string | null; epoch: string }>;
  close(): Promise<void>;
}

export interface TallyOptions extends Pick<PostgresEventStoreOptions, 'maxCharactersPerPage'> {
  /**
   * Connections of the data source (20 by default). With one, what takes a second connection while it holds one stands still at
   * once, and not only where there are as many subscriptions as connections.
   */
  readonly pool?: number;
  /** How long a transaction of the data source may be idle before the server ends its session. */
  readonly idleLimitMs?: number;
  /** Connections besides these, which the tests keep busy on purpose, by handlers that hang or by locks. */
  readonly held?: number;
}

export async function startTallies(
  others: readonly EntityClass[] = [],
  { pool = 20, idleLimitMs = 0, held = 0, ...pages }: TallyOptions = {},
): Promise<TallySystem> {
  const database = await createTestDatabase();
  const dataSource = await new DataSource({
    type: 'postgres',
    url: database.url,
    entities: [Tally, ...others],
    synchronize: false,
    poolSize: Number(process.env.TEST_POOL_SIZE ?? pool) + held,
    extra: { idle_in_transaction_session_timeout: idleLimitMs },
  }).initialize();
  await dataSource.query(
    'CREATE TABLE tallies (id text PRIMARY KEY, total integer NOT NULL, seen text NOT NULL)',
  );
  const appended = new AppendSignal();
  const projected = new ProgressSignal();
  const wanted = new WantedReadModels();
  const connection = { connectionString: database.url };
  const store = new PostgresEventStore({ connection, ...pages }, appended);
  const projections = projectionsOf({}, { version: 1, segments: 1 });
  const subscribers = new Subscribers(projections, new DurableHandlers(new EventRegistry()));
  const stops: (() => Promise<void>)[] = [];
  const settingsOf = (given: Partial<SubscriptionSettings>) => ({
    ...defaultSubscriptionSettings,
    pollMs: 50,
    leaseSeconds: 2,
    ...given,
  });
  const factoryOf = (owner: string, settings: SubscriptionSettings) => {
    const leases = new Leases(dataSource, owner, settings.leaseSeconds);
    const log = new SharedLog(store);
    return new RunFactory(store, log, dataSource, leases, appended, projected, wanted, settings);
  };
  return {
    database,
    dataSource,
    store,
    projections,
    positions: new ProjectionPositions(dataSource, projected, wanted),
    fold: new ProjectionFold(dataSource, store),
    control: new SubscriptionControl(dataSource, subscribers, store),
    statuses: new SubscriptionStatuses(dataSource, subscribers, store),
    async count(stream, ...by) {
      const events = by.map((n) => ({ type: 'Counted', data: { by: n } }));
      const result = await store.appendToStream({ type: 'Tally', id: stream }, events, {
        expectedVersion: 'any',
      });
      return result.position;
    },
    loop(owner, { meddling = {}, version = 1, segments = 1, ...settings } = {}) {
      const projection = projectionsOf(meddling, { version, segments }).get('tallies');
      const run = factoryOf(owner, settingsOf(settings)).run('tallies', segmentsOf(projection));
      stops.push(() => run.stop());
      return run;
    },
    rebuilding(owner, { meddling = {}, version = 1, segments = 1, beside, ...settings } = {}) {
      const known = projectionsOf(meddling, { version, segments });
      if (beside) known.register(beside);
      const orders = new Rebuilds(
        dataSource,
        known,
        new Subscribers(known, new DurableHandlers(new EventRegistry())),
        store,
      );
      const all = settingsOf(settings);
      const swap = new RebuildSwap(dataSource, store, all);
      const runner = new RebuildRunner(
        known,
        orders,
        swap,
        factoryOf(owner, all),
        dataSource,
        projected,
        all,
      );
      stops.push(() => runner.stop());
      return { projection: known.get('tallies'), orders, swap, runner };
    },
    async tallies() {
      const rows = await dataSource.getRepository(Tally).find();
      return Object.fromEntries(rows.map(({ id, total, seen }) => [id, { total, seen }]));
    },
    async subscription() {
      const rows = await dataSource.query<{ position: string; owner: string | null; epoch: string }[]>(
        "SELECT position, owner, epoch FROM annals.subscriptions WHERE name = 'tallies'",
      );
      return rows[0] ?? { position: '0', owner: null, epoch: '0' };
    },
    async close() {
      await Promise.all(stops.map((stop) => stop()));
      await store.close();
      await dataSource.destroy();
      await database.drop();
    },
  };
}

async function collect(by: number, { rows, recorded }: ProjectionContext): Promise<void> {
  const { id } = recorded.stream;
  const before = await rows(Tally).get(id);
  const seen = before ? `${before.seen} ${recorded.version}` : String(recorded.version);
  rows(Tally).put({ id, total: (before?.total ?? 0) + by, seen });
}

function projectionsOf(
  meddling: Meddling,
  { version, segments }: { readonly version: number; readonly segments: number },
): Projections {
  @Projector('tallies', { version, segments, entities: [Tally] })
  class TallyProjector {
    @On(Counted)
    async onCounted({ by }: Counted, context: ProjectionContext): Promise<void> {
      const { stream, version: seen } = context.recorded;
      if (meddling.collects) {
        await collect(by, context);
        await meddling.afterRow?.(context);
        return;
      }
      await context.manager.query(
        `INSERT INTO tallies VALUES ($1, $2, $3) ON CONFLICT (id)
         DO UPDATE SET total = tallies.total + $2, seen = tallies.seen || ' ' || $3`,
        [stream.id, by, String(seen)],
      );
      await meddling.afterRow?.(context);
    }
  }
  const registry = new EventRegistry();
  registry.register(Ignored);
  const projections = new Projections(registry);
  projections.register(new TallyProjector());
  return projections;
}
