import { Pool } from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { runCommand, type Service, startService } from './program';
import { openPool } from './stored';
import { keepTrail, named } from './trail';
import { until } from './until';

interface Place {
  readonly pid: number | undefined;
  readonly position: bigint;
}

/** When the other had the lease, and when it had moved the checkpoint, in milliseconds. */
export interface Takeover {
  readonly leased: number;
  readonly projected: number;
}

/** Two services on one database, of which one projects; and the trail of what each does to the read model. */
export class Pair {
  private constructor(
    readonly database: TestDatabase,
    readonly pool: Pool,
    private readonly services: Map<string, Service>,
  ) {}

  static async start(): Promise<Pair> {
    const database = await createTestDatabase({ empty: true });
    const pool = openPool(database.url);
    await runCommand(['migrate'], { DATABASE_URL: database.url });
    await keepTrail(pool);
    const pair = new Pair(database, pool, new Map());
    await Promise.all(['a', 'b'].map((name) => pair.startService(name)));
    await until('one of the two projects', async () => (await pair.owner()) !== undefined);
    return pair;
  }

  async startService(name: string): Promise<void> {
    this.services.set(name, await startService({ DATABASE_URL: this.database.url, ...named(name) }));
  }

  service(name: string): Service {
    const service = this.services.get(name);
    if (!service) throw new Error(`There is no service ${name}.`);
    return service;
  }

  /** Name of the service that holds the lease; undefined while neither does. */
  async owner(): Promise<string | undefined> {
    const { pid } = await this.place();
    return ['a', 'b'].find((name) => this.service(name).pid === pid);
  }

  /** Who projects now, and who stands by. */
  async roles(): Promise<{ readonly owner: string; readonly other: string }> {
    const owner = (await this.owner()) ?? 'nobody';
    return { owner, other: owner === 'a' ? 'b' : 'a' };
  }

  /** Waits until this service holds the lease and has moved the checkpoint. */
  async projects(name: string): Promise<Takeover> {
    const { pid } = this.service(name);
    const { position } = await this.place();
    const leased = await until(`${name} has the lease`, async () => (await this.place()).pid === pid);
    const moved = await until(`${name} projects`, async () => {
      const place = await this.place();
      return place.pid === pid && place.position > position;
    });
    return { leased, projected: leased + moved };
  }

  /** The owner of a lease is written as `host/pid/random`. */
  private async place(): Promise<Place> {
    const { rows } = await this.pool.query<{ owner: string | null; position: string }>(
      `SELECT owner, position FROM annals.subscriptions WHERE name = 'users'`,
    );
    const pid = rows[0]?.owner?.split('/')[1];
    return { pid: pid === undefined ? undefined : Number(pid), position: BigInt(rows[0]?.position ?? 0) };
  }

  async end(): Promise<void> {
    await this.pool.end();
    await this.database.drop();
  }
}
