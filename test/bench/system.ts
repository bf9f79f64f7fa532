import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';
import {
  AppendSignal,
  EventRegistry,
  PostgresEventStore,
  type ProjectionContext,
  Projections,
  Projector,
} from '../../src/event-sourcing';
import { On } from '../../src/event-sourcing/domain';
import { migrate } from '../../src/platform/database/migrate';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres';
import { Benched } from './bench-user';

/** Connections of every contestant. */
export const connections = 32;

/** The read model of the catch-up. */
export const createBenchRows = 'CREATE TABLE bench_rows (id text PRIMARY KEY, email text NOT NULL)';

@Entity('bench_rows')
export class BenchRow {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  email!: string;
}

@Projector('bench', { version: 1, entities: [BenchRow] })
export class BenchProjector {
  @On(Benched)
  onBenched({ email }: Benched, { rows, recorded }: ProjectionContext): void {
    rows(BenchRow).put({ id: recorded.stream.id, email });
  }
}

/** The same rows, by eight loops. */
@Projector('bench-segments', { version: 1, segments: 8, entities: [BenchRow] })
export class SegmentedBenchProjector extends BenchProjector {}

export interface BenchSystem {
  readonly url: string;
  readonly pool: Pool;
  readonly dataSource: DataSource;
  readonly store: PostgresEventStore;
  readonly registry: EventRegistry;
  readonly projections: Projections;
  readonly appended: AppendSignal;
  readonly server: string;
  close(): Promise<void>;
}

/** One embedded Postgres, with fsync on, for all contestants. */
export async function startSystem(): Promise<BenchSystem> {
  const folder = await mkdtemp(join(tmpdir(), 'annals-bench-'));
  const postgres = await startEmbeddedPostgres({ dataDir: folder });
  const connectionString = postgres.url;
  await migrate(connectionString);
  const pool = new Pool({ connectionString, max: connections });
  // It does not wait for its connections to close, and the server may be the first to leave.
  pool.on('error', () => undefined);
  await pool.query(createBenchRows);
  const dataSource = await new DataSource({
    type: 'postgres',
    url: connectionString,
    entities: [BenchRow],
  }).initialize();
  const appended = new AppendSignal();
  const registry = new EventRegistry();
  const projections = new Projections(registry);
  projections.register(new BenchProjector());
  projections.register(new SegmentedBenchProjector());
  const store = new PostgresEventStore({ connection: { connectionString, max: connections } }, appended);
  const { rows } = await pool.query<{ server_version: string }>('SHOW server_version');
  return {
    url: connectionString,
    pool,
    dataSource,
    store,
    registry,
    projections,
    appended,
    server: `Postgres ${rows[0]?.server_version ?? ''}, fsync on`,
    close: async () => {
      await store.close();
      await dataSource.destroy();
      await pool.end();
      await postgres.stop();
      for (const path of [postgres.dataDir, folder]) await rm(path, { recursive: true, force: true });
    },
  };
}
