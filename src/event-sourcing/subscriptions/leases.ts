import type { DataSource, EntityManager } from 'typeorm';
import { leaseChange } from '../diagnostics';
import { EventSourcingError } from '../event-store/errors';
import { Position } from '../event-store/event-envelope';
import { Subscriber } from './subscriber';

/** The right to move a checkpoint. Whoever takes it next gets a higher epoch, and this one is void. */
export interface Lease {
  readonly name: string;
  readonly owner: string;
  readonly epoch: bigint;
  /** The checkpoint when the lease was taken. */
  readonly position: Position;
  /** Whether the subscription stood still, says the row, before the lease was taken. */
  readonly wasFailing: boolean;
}

/** Another process has taken the lease; nothing of the transaction may be kept. */
export class LeaseLostError extends EventSourcingError {
  constructor(readonly lease: Lease) {
    super(`The lease of "${lease.name}" (epoch ${lease.epoch}) was taken by another process.`);
  }
}

/** The rows were made by another version of the projector. */
export class ProjectorVersionError extends EventSourcingError {
  constructor(name: string, stored: number, known: number) {
    super(
      `The rows of projector "${name}" were made by its version ${stored}, but this program has version ${known}. ` +
        `Deploy version ${stored}, or make the rows anew, as docs/how-to/operate.md tells.`,
    );
  }
}

const createSubscription = `
  INSERT INTO subscriptions (name, version, kind, position)
  SELECT $1, $2, $3, CASE WHEN $4 THEN (SELECT head FROM event_log WHERE only_row) ELSE 0 END
  ON CONFLICT (name) DO NOTHING`;

const takeLease = `
  UPDATE subscriptions
  SET owner = $2, epoch = epoch + 1, lease_expires_at = clock_timestamp() + make_interval(secs => $3)
  WHERE name = $1 AND version = $4 AND NOT paused
    AND (owner IS NULL OR owner = $2 OR lease_expires_at < clock_timestamp())
  RETURNING epoch, position, failure`;

const readVersion = 'SELECT version FROM subscriptions WHERE name = $1';

const renewLease = `
  UPDATE subscriptions SET lease_expires_at = clock_timestamp() + make_interval(secs => $3)
  WHERE name = $1 AND epoch = $2
  RETURNING epoch`;

const releaseLease = `
  UPDATE subscriptions SET owner = NULL, lease_expires_at = NULL WHERE name = $1 AND epoch = $2 RETURNING epoch`;

const moveCheckpoint = `
  UPDATE subscriptions SET position = $4 WHERE name = $1 AND epoch = $2 AND position = $3 RETURNING position`;

const holdLease =
  'UPDATE subscriptions SET position = position WHERE name = $1 AND epoch = $2 RETURNING position';

const noteFailure = `
  UPDATE subscriptions SET failure = $3, failed_at = CASE WHEN $3::text IS NULL THEN NULL ELSE now() END
  WHERE name = $1 AND epoch = $2 RETURNING epoch`;

interface LeaseRow {
  readonly epoch: string;
  readonly position: string;
  readonly failure: string | null;
}

/** The leases and checkpoints of subscriptions: one row each, judged by the clock of the database. */
export class Leases {
  constructor(
    private readonly dataSource: DataSource,
    private readonly owner: string,
    private readonly leaseSeconds: number,
  ) {}

  /**
   * Takes the lease when it is free, has run out, or is our own from before the database was away; undefined while another process holds it.
   * @throws ProjectorVersionError
   */
  async take({ name, version, kind, from }: Subscriber): Promise<Lease | undefined> {
    await this.dataSource.query(createSubscription, [name, version, kind, from === 'now']);
    const row = await this.update(takeLease, [name, this.owner, this.leaseSeconds, version]);
    if (!row) return this.checkVersion(name, version);
    leaseChange.publish({ subscription: name, change: 'taken', epoch: BigInt(row.epoch) });
    return {
      name,
      owner: this.owner,
      epoch: BigInt(row.epoch),
      position: BigInt(row.position),
      wasFailing: row.failure !== null,
    };
  }

  private async checkVersion(name: string, version: number): Promise<undefined> {
    const [row] = await this.dataSource.query<{ version: number }[]>(readVersion, [name]);
    if (row && row.version !== version) throw new ProjectorVersionError(name, row.version, version);
  }

  /** @throws LeaseLostError */
  async renew(lease: Lease): Promise<void> {
    const row = await this.update(renewLease, [lease.name, lease.epoch, this.leaseSeconds]);
    if (!row) throw new LeaseLostError(lease);
  }

  /** Gives the lease back, so that another process need not wait until it runs out. */
  async release(lease: Lease): Promise<void> {
    const row = await this.update(releaseLease, [lease.name, lease.epoch]);
    leaseChange.publish({ subscription: lease.name, change: row ? 'released' : 'lost', epoch: lease.epoch });
  }

  /**
   * Moves the checkpoint in the transaction that wrote the rows. Last in it, so that the lock on the row is short.
   * @throws LeaseLostError when the lease or the checkpoint is no longer ours: then the rows must not be kept either.
   */
  async moveCheckpoint(manager: EntityManager, lease: Lease, from: Position, to: Position): Promise<void> {
    const [rows] = await manager.query<[unknown[], number]>(moveCheckpoint, [
      lease.name,
      lease.epoch,
      from,
      to,
    ]);
    if (rows.length === 0) throw new LeaseLostError(lease);
  }

  /**
   * Locks the row of the subscription in a transaction that leaves the checkpoint where it is.
   * @throws LeaseLostError
   */
  async hold(manager: EntityManager, lease: Lease): Promise<void> {
    const [rows] = await manager.query<[unknown[], number]>(holdLease, [lease.name, lease.epoch]);
    if (rows.length === 0) throw new LeaseLostError(lease);
  }

  /** Lets everybody see why the subscription stands still; null when it goes on. */
  async noteFailure(lease: Lease, failure: string | null): Promise<void> {
    await this.update(noteFailure, [lease.name, lease.epoch, failure]);
  }

  private async update(text: string, values: unknown[]): Promise<LeaseRow | undefined> {
    const [rows] = await this.dataSource.query<[LeaseRow[], number]>(text, values);
    return rows[0];
  }
}
