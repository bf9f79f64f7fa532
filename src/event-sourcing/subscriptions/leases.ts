import type { DataSource, EntityManager } from 'typeorm';
import { leaseChange } from '../diagnostics';
import { EventSourcingError } from '../event-store/errors';
import { Position, RecordedEvent } from '../event-store/event-envelope';
import { seenSum } from './seen-events';
import { labelOf, originOf, Segment, Subscriber } from './subscriber';
import { createSubscription } from './create-subscription';

/** The right to move a checkpoint. Whoever takes it next gets a higher epoch, and this one is void. */
export interface Lease {
  readonly name: string;
  readonly segment: Segment;
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
    super(`The lease of "${labelOf(lease)}" (epoch ${lease.epoch}) was taken by another process.`);
  }
}

/** The rows were made by another version of the projector, or divided into other segments. */
export class ProjectorVersionError extends EventSourcingError {
  constructor(name: string, stored: number, known: number) {
    super(
      stored > known
        ? `The rows of projector "${name}" were made by its version ${stored}, but this program has version ${known}. ` +
            `Deploy version ${stored}, or make the rows anew for this one: npm run cli -- projections rebuild ${name}`
        : `The rows of projector "${name}" were made by its version ${stored}, or in other segments, and this program has ` +
            `version ${known}. They are made anew when a process starts; by hand: npm run cli -- projections rebuild ${name}`,
    );
  }
}

const takeLease = `
  UPDATE subscriptions
  SET owner = $3, epoch = epoch + 1, lease_expires_at = clock_timestamp() + make_interval(secs => $4)
  WHERE name = $1 AND segment = $2 AND segments = $5 AND version = $6 AND NOT paused
    AND (owner IS NULL OR owner = $3 OR lease_expires_at < clock_timestamp())
  RETURNING epoch, position, failure`;

/** Rows that another version made, and that nobody makes anew for this one. */
const findMismatch = `
  SELECT s.version FROM subscriptions AS s
  WHERE s.name = $1 AND (s.version <> $2 OR s.segments <> $3) AND NOT EXISTS (
    SELECT FROM rebuilds AS r WHERE r.projection = $1 AND r.version = $2 AND r.segments = $3)
  LIMIT 1`;

const renewLease = `
  UPDATE subscriptions SET lease_expires_at = clock_timestamp() + make_interval(secs => $4)
  WHERE name = $1 AND segment = $2 AND epoch = $3
  RETURNING epoch`;

const releaseLease = `
  UPDATE subscriptions SET owner = NULL, lease_expires_at = NULL
  WHERE name = $1 AND segment = $2 AND epoch = $3 RETURNING epoch`;

const moveCheckpoint = `
  UPDATE subscriptions SET position = $5, seen = mod(seen + $6, 18446744073709551616)
  WHERE name = $1 AND segment = $2 AND epoch = $3 AND position = $4 RETURNING position`;

const holdLease = `
  UPDATE subscriptions SET position = position WHERE name = $1 AND segment = $2 AND epoch = $3 RETURNING position`;

const noteFailure = `
  UPDATE subscriptions SET failure = $4, failed_at = CASE WHEN $4::text IS NULL THEN NULL ELSE now() END
  WHERE name = $1 AND segment = $2 AND epoch = $3 RETURNING epoch`;

interface LeaseRow {
  readonly epoch: string;
  readonly position: string;
  readonly failure: string | null;
}

/** The leases and checkpoints of subscriptions: one row for each segment, judged by the clock of the database. */
export class Leases {
  constructor(
    private readonly dataSource: DataSource,
    readonly owner: string,
    private readonly leaseSeconds: number,
  ) {}

  /**
   * Takes the lease when it is free, has run out, or is our own from before the database was away; undefined while it cannot be had.
   * @throws ProjectorVersionError
   */
  async take(subscriber: Subscriber): Promise<Lease | undefined> {
    const { name, segment, version } = subscriber;
    if (subscriber.from !== 'never') await createSubscription(this.dataSource, subscriber);
    const row = await this.update(takeLease, [
      name,
      segment.index,
      this.owner,
      this.leaseSeconds,
      segment.count,
      version,
    ]);
    if (!row) return this.checkVersion(subscriber);
    leaseChange.publish({ ...originOf(subscriber), change: 'taken', epoch: BigInt(row.epoch) });
    return {
      name,
      segment,
      owner: this.owner,
      epoch: BigInt(row.epoch),
      position: BigInt(row.position),
      wasFailing: row.failure !== null,
    };
  }

  /** @throws LeaseLostError */
  async renew(lease: Lease): Promise<void> {
    const row = await this.update(renewLease, [...keyOf(lease), this.leaseSeconds]);
    if (!row) throw new LeaseLostError(lease);
  }

  /** Gives the lease back, so that another process need not wait until it runs out. */
  async release(lease: Lease): Promise<void> {
    const row = await this.update(releaseLease, keyOf(lease));
    leaseChange.publish({ ...originOf(lease), change: row ? 'released' : 'lost', epoch: lease.epoch });
  }

  /**
   * Moves the checkpoint from `from` behind `events`, in the transaction that wrote the rows. Last in it, so that the lock on
   * the row is short.
   * @throws LeaseLostError when the lease or the checkpoint is no longer ours: then the rows must not be kept either.
   */
  async moveCheckpoint(
    manager: EntityManager,
    lease: Lease,
    from: Position,
    events: readonly RecordedEvent[],
  ): Promise<void> {
    const to = events.at(-1)?.position ?? from;
    const values = [...keyOf(lease), from, to, seenSum(events)];
    const [rows] = await manager.query<[unknown[], number]>(moveCheckpoint, values);
    if (rows.length === 0) throw new LeaseLostError(lease);
  }

  /**
   * Locks the row of the subscription in a transaction that leaves the checkpoint where it is.
   * @throws LeaseLostError
   */
  async hold(manager: EntityManager, lease: Lease): Promise<void> {
    const [rows] = await manager.query<[unknown[], number]>(holdLease, keyOf(lease));
    if (rows.length === 0) throw new LeaseLostError(lease);
  }

  /** Lets everybody see why the subscription stands still; null when it goes on. */
  async noteFailure(lease: Lease, failure: string | null): Promise<void> {
    await this.update(noteFailure, [...keyOf(lease), failure]);
  }

  private async checkVersion({ name, version, segment }: Subscriber): Promise<undefined> {
    const [row] = await this.dataSource.query<{ version: number }[]>(findMismatch, [
      name,
      version,
      segment.count,
    ]);
    if (row) throw new ProjectorVersionError(name, row.version, version);
  }

  private async update(text: string, values: unknown[]): Promise<LeaseRow | undefined> {
    const [rows] = await this.dataSource.query<[LeaseRow[], number]>(text, values);
    return rows[0];
  }
}

function keyOf({ name, segment, epoch }: Lease): unknown[] {
  return [name, segment.index, epoch];
}
