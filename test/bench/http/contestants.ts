import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type Pool } from 'pg';
import { benchConnection } from './processor-time';
import { Place, Server, startCrud, startNoOp, startService } from './servers';

/** One that is measured. */
export interface Contestant {
  readonly server: Server;
  /** How many users its database has; none where it has no database. */
  readonly stored?: () => Promise<number>;
  /** Whether subscriptions go on behind its answers. */
  readonly hasSubscriptions: boolean;
}

/** The first is the route that does nothing; the last are this project. */
export interface Contestants {
  readonly all: readonly Contestant[];
  stop(): Promise<void>;
}

/** The line that counts, and the one that reads are compared with: all variants of CRUD read alike. */
export const unit = 'CRUD with outbox';

const crudUsers = 'SELECT count(*)::integer AS count FROM crud_users';
const usersCreated = "SELECT count(*)::integer AS count FROM annals.events WHERE event_type = 'UserCreated'";

/** Each on a database of its own in one server. `names`: those that match are started, and the unit. */
export async function startContestants(pool: Pool, url: string, names: RegExp): Promise<Contestants> {
  const folder = await mkdtemp(join(tmpdir(), 'annals-bench-http-'));
  const all: Contestant[] = [];
  const stop = async (): Promise<void> => {
    for (const { server } of all) await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (const { name, start } of starters()) {
      if (!names.test(name) && name !== unit) continue;
      all.push(await start(await placeOf(pool, url, folder, all.length)));
    }
    return { all, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Starter {
  readonly name: string;
  readonly start: (place: Place) => Promise<Contestant>;
}

function starters(): readonly Starter[] {
  const noOp = { name: 'no-op', start: async ({ folder }: Place) => idle(await startNoOp(folder)) };
  const crud = (['insert', 'save', 'outbox'] as const).map((writes) => {
    const name = { insert: 'CRUD, insert', save: 'CRUD, save()', outbox: unit }[writes];
    const start = async (place: Place) => ({
      ...idle(await startCrud(place, name, writes)),
      stored: counted(place, crudUsers),
    });
    return { name, start };
  });
  return [noOp, ...crud, ...builds()];
}

function idle(server: Server): Contestant {
  return { server, hasSubscriptions: false };
}

/** The build in `dist/`, behind the other builds of `BENCH_ALSO`: `<name>=<folder>,…`. */
function builds(): readonly Starter[] {
  const also = (process.env.BENCH_ALSO ?? '').split(',').filter((text) => text.includes('='));
  const others = also.map((text) => text.split('=') as [string, string]);
  return [...others, ['', 'dist'] as const].map(([other, dist]) => {
    const name = other === '' ? 'Annals' : `Annals, ${other}`;
    const start = async (place: Place) => ({
      server: await startService(place, name, dist),
      stored: counted(place, usersCreated),
      hasSubscriptions: true,
    });
    return { name, start };
  });
}

function counted({ databaseUrl }: Place, text: string): () => Promise<number> {
  return async () => {
    const client = new Client({ connectionString: databaseUrl, application_name: benchConnection });
    await client.connect();
    const { rows } = await client.query<{ count: number }>(text);
    await client.end();
    return rows[0]?.count ?? 0;
  };
}

async function placeOf(pool: Pool, url: string, folder: string, number: number): Promise<Place> {
  const database = new URL(url);
  database.pathname = `/bench_http_${number}`;
  await pool.query(`CREATE DATABASE bench_http_${number}`);
  return { databaseUrl: database.href, folder };
}
