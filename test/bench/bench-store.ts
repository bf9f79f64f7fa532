import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Pool } from 'pg';
import { EventSourcedRepository, WrongExpectedVersionError } from '../../src/event-sourcing';
import { newId } from '../../src/event-sourcing/new-id';
import { AggregateCache } from '../../src/event-sourcing/repository/aggregate-cache';
import { BenchAggregate, Benched } from './bench-user';
import { metadata, payload } from './payload';
import { BenchSystem, connections, createBenchRows } from './system';

/** An event store as the benchmark drives it: each through the interface that its users have. */
export interface BenchStore {
  readonly name: string;
  /** Appends `count` events to the stream that is at `version`. */
  append(id: string, version: number, count: number): Promise<void>;
  /** Reads the stream, and gives its version. */
  load(id: string): Promise<number>;
  /** Load, decide, append one event; where the store has more than the two above for it. */
  command?(id: string): Promise<void>;
  /** Whether the error means that another writer was first. */
  isConflict(error: unknown): boolean;
  /** Where the stream is, learned in the cheapest public way after a conflict over the version `known`. */
  versionAfter?(id: string, conflict: unknown, known: number): Promise<number>;
  /** Positions behind one, for a reader that follows the log. */
  tail?(after: number, limit: number): Promise<readonly number[]>;
  /** How many events are stored. */
  head?(): Promise<number>;
  readonly consumer?: PeerConsumer;
  close(): Promise<void>;
}

/** The store's own way to project its log. */
export interface PeerConsumer {
  readonly name: string;
  /** Projects the first `events` by `upsert` ($1: stream, $2: e-mail). */
  project(events: number, upsert: string): Promise<Projected>;
}

export interface Projected {
  readonly events: number;
  readonly rows: number;
}

/** Another store, with connections of the benchmark's own to its database. */
export interface Peer extends BenchStore {
  readonly pool: Pool;
}

const peerNames = ['emmett', 'castore', 'evtstore', 'message-db'];

const folder = join(process.cwd(), 'test', 'bench', 'peers');

/** Loads a module of the peers' own package, which the project itself never installs. */
export const fromPeers = createRequire(join(folder, 'package.json'));

export const peersAreInstalled = existsSync(join(folder, 'node_modules'));

/** Every peer on a database of its own in the same server. */
export async function openPeers({ pool, url }: BenchSystem): Promise<readonly Peer[]> {
  const peers: Peer[] = [];
  for (const name of peerNames) {
    const database = `peer_${name.replaceAll('-', '_')}`;
    await pool.query(`CREATE DATABASE ${database}`);
    const connection = new URL(url);
    connection.pathname = `/${database}`;
    const { open } = fromPeers(`./${name}.cjs`) as {
      open: (options: object) => Promise<BenchStore>;
    };
    const store = await open({ connectionString: connection.href, connections, payload, metadata });
    const ownPool = new Pool({ connectionString: connection.href, max: 2 });
    await ownPool.query(createBenchRows);
    const close = () => Promise.all([store.close(), ownPool.end()]).then(() => undefined);
    peers.push({ ...store, pool: ownPool, close });
  }
  return peers;
}

/** This project through its store and, for commands, its repository. */
export function ourStore({ store, registry }: BenchSystem, cached: boolean): BenchStore {
  const cache = cached ? new AggregateCache(64 * 1_048_576) : undefined;
  const repository = new EventSourcedRepository(BenchAggregate, store, registry, cache);
  const event = () => new Benched(payload.name, payload.email, payload.note);
  const events = (count: number) =>
    Array.from({ length: count }, () => ({ type: 'Benched', data: payload, metadata: metadata() }));
  return {
    name: cached ? 'Annals' : 'Annals, no cache',
    append: async (id, version, count) => {
      await store.appendToStream({ type: 'Cycle', id }, events(count), { expectedVersion: version });
    },
    load: async (id) => (await repository.get(id)).version,
    command: async (id) => {
      await repository.update(id, (aggregate) => aggregate.bench(event()));
    },
    isConflict: (error) => error instanceof WrongExpectedVersionError,
    versionAfter: (_id, conflict) => Promise.resolve((conflict as WrongExpectedVersionError).actualVersion),
    tail: async (after, limit) =>
      (await store.readAll({ after: BigInt(after), limit })).map(({ position }) => Number(position)),
    head: async () => Number(await store.head()),
    close: () => Promise.resolve(),
  };
}

const createTable = `
  CREATE TABLE bare_events (LIKE annals.events INCLUDING ALL);
  ALTER TABLE bare_events ALTER position ADD GENERATED ALWAYS AS IDENTITY`;

const insert = `
  INSERT INTO bare_events (event_id, event_type, schema_version, aggregate_type, aggregate_id, aggregate_version,
    timestamp, data, metadata)
  VALUES ($1, 'Benched', 1, 'Bench', $2, $3, clock_timestamp(), $4, $5)`;

const select = `
  SELECT position, event_id, event_type, schema_version, aggregate_type, aggregate_id, aggregate_version, timestamp,
    data, metadata
  FROM bare_events WHERE aggregate_type = 'Bench' AND aggregate_id = $1 ORDER BY aggregate_version`;

/**
 * The unit of every ratio: one INSERT of the same row into a table with the same indexes, prepared, through `pg`. It checks no
 * version and loses events to a reader that follows it.
 */
export async function bareStore(pool: Pool): Promise<BenchStore> {
  await pool.query(createTable);
  return {
    name: 'bare INSERT',
    append: async (id, version, count) => {
      for (let n = 1; n <= count; n++) {
        const values = [newId(), id, version + n, JSON.stringify(payload), JSON.stringify(metadata())];
        await pool.query({ name: 'bare-insert', text: insert, values });
      }
    },
    load: async (id) => (await pool.query({ name: 'bare-select', text: select, values: [id] })).rows.length,
    isConflict: (error) => (error as { code?: string }).code === '23505',
    close: () => Promise.resolve(),
  };
}
