import type { DataSource, EntityManager } from 'typeorm';
import { leaseChange } from '../diagnostics';
import { EventSourcingError } from '../../domain';
import { Position, RecordedEvent } from '../../event-store/event-envelope';
import { LogOfCheckpoints } from '../../event-store/postgres/read-head';
import { EventGoneError } from '../../log/contiguous';
import { createSubscription } from './create-subscription';
import { LeaseConnection } from './lease-connection';
import { LeaseRenewals } from './lease-renewals';
import { LeaseRounds } from './lease-rounds';
import {
  findEvent,
  holdLease,
  moveCheckpoint,
  moveCheckpointOfOtherStore,
  noteFailure,
  releaseLease,
  TakenRow,
} from './lease-statements';
import { seenSum } from './seen-events';
import { labelOf, originOf, Segment, Subscriber } from '../subscriber';
import { defaultSubscriptionSettings } from '../subscription-settings';
import { query } from '../../schema/query';
import { KernelSql } from '../../schema/sql';

/** The right to move a checkpoint. Whoever takes it next gets a higher epoch, and this one is void. */
export interface Lease {
  readonly name: string;
  readonly segment: Segment;
  readonly owner: string;
  readonly epoch: bigint;
  /** The checkpoint when the lease was taken. */
  readonly position: Position;
  /** Whether the row already carried a failure when the lease was taken. */
  readonly wasFailing: boolean;
  /** Whether the commits that move the checkpoint wait for the disk. */
  readonly isFlushed: boolean;
}

/** Another process has taken the lease; nothing of the transaction may be kept. */
export class LeaseLostError extends EventSourcingError {
  readonly code = 'subscription.lease-lost';
  readonly kind = 'conflict';

  constructor(readonly lease: Lease) {
    super(`The lease of "${labelOf(lease)}" (epoch ${lease.epoch}) was taken by another process.`);
  }
}

/** The rows were made by another version of the projector, or divided into other segments. */
export class ProjectorVersionError extends EventSourcingError {
  readonly code = 'projector.other-version';
  readonly kind = 'conflict';

  constructor(
    readonly subscription: string,
    stored: number,
    known: number,
  ) {
    super(
      stored > known
        ? `The rows of projector "${subscription}" were made by its version ${stored}, but this program has version ${known}. ` +
            `Deploy version ${stored}, or rebuild the rows for this one.`
        : `The rows of projector "${subscription}" were made by its version ${stored}, or in other segments, and this program has ` +
            `version ${known}. A process rebuilds them when it starts.`,
    );
  }
}

/** The events are in the database of the checkpoints. */
const logHere: LogOfCheckpoints = { isInDatabase: true, head: () => Promise.resolve(0n) };

/** The leases and checkpoints of subscriptions: one row for each segment, judged by the clock of the database. */
export class Leases {
  readonly connection: LeaseConnection;
  private readonly rounds: LeaseRounds;
  private readonly renewals: LeaseRenewals;

  /**
   * `roundMs`: how often at most to ask for leases that can be had, in milliseconds. `store`: the log that the checkpoints are
   * about; the database of the checkpoints, unless it is another.
   */
  constructor(
    private readonly dataSource: DataSource,
    readonly owner: string,
    private readonly leaseSeconds: number,
    roundMs: number = defaultSubscriptionSettings.pollMs,
    private readonly store: LogOfCheckpoints = logHere,
  ) {
    this.connection = new LeaseConnection(dataSource, leaseSeconds);
    this.rounds = new LeaseRounds(this.connection, owner, leaseSeconds, roundMs);
    this.renewals = new LeaseRenewals(this.connection, owner, leaseSeconds);
  }

  /**
   * Takes the lease when it is free, has run out, or is our own from before the database was away; undefined while it
   * cannot be had, after `roundMs` at most.
   * @throws ProjectorVersionError
   */
  async take(subscriber: Subscriber): Promise<Lease | undefined> {
    const found = await this.rounds.join(subscriber);
    if (!found) return undefined;
    if (found.outcome === 'taken') return this.leaseOf(subscriber, found);
    if (found.outcome === 'missing') return this.create(subscriber);
    throw new ProjectorVersionError(subscriber.name, found.version, subscriber.version);
  }

  /** Renews the lease until the function that it returns is called. `lost` fires when another process has taken it. */
  keep(lease: Lease, lost: AbortController): () => void {
    return this.renewals.keep(lease, lost);
  }

  /** @throws LeaseLostError */
  async renew(lease: Lease): Promise<void> {
    const lost = await this.renewals.renew([lease]);
    if (lost.length > 0) throw new LeaseLostError(lease);
  }

  /** Gives the lease back, so that another process need not wait until it runs out. */
  async release(lease: Lease): Promise<void> {
    const isReleased = await this.change('release-lease', releaseLease, this.keyOf(lease));
    const change = isReleased ? 'released' : 'lost';
    leaseChange.publish({ ...originOf(lease), change, epoch: lease.epoch });
  }

  /**
   * Moves the checkpoint from `from` behind `events`, in the transaction that wrote the rows, and prolongs the lease. Last in
   * it, so that the lock on the row is short.
   * @throws LeaseLostError when the lease or the checkpoint is no longer ours: then the rows must not be kept either.
   * @throws EventGoneError when the log of this database does not hold the last of the events.
   */
  async moveCheckpoint(
    manager: EntityManager,
    lease: Lease,
    from: Position,
    events: readonly RecordedEvent[],
  ): Promise<void> {
    const last = events.at(-1);
    if (!last) return;
    const { isFlushed } = lease;
    const values = [...this.keyOf(lease), this.leaseSeconds, from, last.position, seenSum(events), isFlushed];
    const [rows] = this.store.isInDatabase
      ? await query<[unknown[], number]>(manager, moveCheckpoint, [...values, last.id])
      : await query<[unknown[], number]>(manager, moveCheckpointOfOtherStore, values);
    if (rows.length > 0) return;
    if (!this.store.isInDatabase) throw new LeaseLostError(lease);
    const [found] = await query<unknown[]>(manager, findEvent, [last.position, last.id]);
    throw found ? new LeaseLostError(lease) : new EventGoneError(last.position);
  }

  /**
   * Locks the row of the subscription in a transaction that leaves the checkpoint where it is, and prolongs the lease.
   * @throws LeaseLostError
   */
  async hold(manager: EntityManager, lease: Lease): Promise<void> {
    const values = [...this.keyOf(lease), this.leaseSeconds];
    const [rows] = await query<[unknown[], number]>(manager, holdLease, values);
    if (rows.length === 0) throw new LeaseLostError(lease);
  }

  /** Lets everybody see why the subscription stands still; null when it goes on. False when it could not be noted now. */
  noteFailure(lease: Lease, failure: string | null): Promise<boolean> {
    return this.change('note-failure', noteFailure, [...this.keyOf(lease), failure]);
  }

  /** Closes the connection for leases, when they are given back. */
  close(): Promise<void> {
    return this.connection.close();
  }

  private async create(subscriber: Subscriber): Promise<Lease | undefined> {
    if (subscriber.from === 'never') return undefined;
    await createSubscription(this.dataSource, subscriber, this.store);
    return this.take(subscriber);
  }

  private leaseOf(subscriber: Subscriber, row: TakenRow): Lease {
    const epoch = BigInt(row.epoch);
    leaseChange.publish({ ...originOf(subscriber), change: 'taken', epoch });
    return {
      name: subscriber.name,
      segment: subscriber.segment,
      owner: this.owner,
      epoch,
      position: BigInt(row.position),
      wasFailing: row.failure !== null,
      isFlushed: subscriber.isFlushed,
    };
  }

  private async change(name: string, statement: KernelSql, values: unknown[]): Promise<boolean> {
    return (await this.connection.query(name, statement, values)).length > 0;
  }

  private keyOf({ name, segment, epoch }: Lease): unknown[] {
    return [name, segment.index, epoch, this.owner];
  }
}
