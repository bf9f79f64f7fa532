import { Inject, Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { EventStore } from '../../event-store/event-store';
import { EventSourcingError } from '../../domain';
import { Position, StreamId } from '../../event-store/event-envelope';
import { currentMetadata } from '../../messaging/message-context';
import { createSubscription } from '../checkpoints/create-subscription';
import { FailureCategory } from '../parked/failure-category';
import {
  deleteDiscarded,
  promoteNext,
  recordDiscarded,
  retryAllNow,
  retryNow,
  retryStreamNow,
  selectParked,
} from '../parked/parked-statements';
import { shadowSuffix } from '../subscriber';
import { Subscribers } from '../../subscribers';
import { DATA_SOURCE } from '../../injection-tokens';
import { annals, KernelSql, sql } from '../../schema/sql';
import { query } from '../../schema/query';

export interface ParkedEvent {
  readonly position: Position;
  readonly stream: StreamId;
  /** `retrying` until it has failed too often, then `parked`; `waiting` behind one of those. */
  readonly state: 'retrying' | 'parked' | 'waiting';
  readonly attempts: number;
  readonly error: string | null;
  readonly stack: string | null;
  /** Of the last failure; null while it waits, and for failures that an older program stored. */
  readonly category: FailureCategory | null;
  readonly firstFailedAt: Date | null;
  readonly lastFailedAt: Date | null;
  readonly nextAttemptAt: Date | null;
}

/** The event is not set aside, or it only waits behind another of its stream. */
export class NotParkedError extends EventSourcingError {
  readonly code = 'parked-event.not-found';
  readonly kind = 'not-found';

  constructor(
    readonly subscription: string,
    readonly position: Position,
  ) {
    super(`"${subscription}" has no failed event at position ${position}.`);
  }
}

/** The subscription has set nothing of this stream aside. */
export class StreamNotSetAsideError extends EventSourcingError {
  readonly code = 'parked-stream.not-found';
  readonly kind = 'not-found';

  constructor(
    readonly subscription: string,
    readonly stream: StreamId,
  ) {
    super(`"${subscription}" has set nothing of the stream ${stream.type}/${stream.id} aside.`);
  }
}

const pause = sql`
  UPDATE ${annals}.subscriptions SET paused = true, owner = NULL, lease_expires_at = NULL, epoch = epoch + 1
  WHERE name = $1 AND NOT paused RETURNING name`;

const resume = sql`UPDATE ${annals}.subscriptions SET paused = false WHERE name = $1 AND paused RETURNING name`;

const rename = sql`SELECT ${annals}.rename_projection(old_name => $1, new_name => $2)`;

const lockSubscription = sql`SELECT FROM ${annals}.subscriptions WHERE name = $1 ORDER BY segment FOR UPDATE`;

interface ParkedRow {
  readonly position: string;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly state: ParkedEvent['state'];
  readonly attempts: number;
  readonly error: string | null;
  readonly stack: string | null;
  readonly category: FailureCategory | null;
  readonly first_failed_at: Date | null;
  readonly last_failed_at: Date | null;
  readonly next_attempt_at: Date | null;
}

/**
 * What an operator may do with a subscription, from any process. Names are checked: UnknownSubscriptionError. A rebuild
 * is a subscription of its own: `users@next`.
 */
@Injectable()
export class SubscriptionControl {
  constructor(
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    private readonly subscribers: Subscribers,
    private readonly store: EventStore,
  ) {}

  /** Takes the lease from whoever has it; nobody gets it until it is resumed. False when it was paused already. */
  async pause(name: string): Promise<boolean> {
    const [subscriber] = this.isRebuild(name) ? [] : this.subscribers.get(name);
    if (subscriber) await createSubscription(this.dataSource, subscriber, this.store);
    return this.update(pause, this.known(name));
  }

  /** False when it was not paused. */
  async resume(name: string): Promise<boolean> {
    return this.update(resume, this.known(name));
  }

  /** What is set aside, in the order of the log. */
  async parked(name: string, after: Position = 0n, limit = 100): Promise<readonly ParkedEvent[]> {
    const rows = await query<ParkedRow[]>(this.dataSource, selectParked, [this.known(name), after, limit]);
    return rows.map((row) => ({
      position: BigInt(row.position),
      stream: { type: row.aggregate_type, id: row.aggregate_id },
      state: row.state,
      attempts: row.attempts,
      error: row.error,
      stack: row.stack,
      category: row.category,
      firstFailedAt: row.first_failed_at,
      lastFailedAt: row.last_failed_at,
      nextAttemptAt: row.next_attempt_at,
    }));
  }

  /** Tries the event again at once, and when it succeeds, those that wait behind it. @throws NotParkedError */
  async retry(name: string, position: Position): Promise<void> {
    await this.locked(name, async (manager) => {
      const [rows] = await query<[unknown[], number]>(manager, retryNow, [name, position]);
      if (rows.length === 0) throw new NotParkedError(name, position);
    });
  }

  /**
   * Tries all streams that are set aside again at once, each from its first event on. Resolves with how many streams that are;
   * whether they succeed, `parked` tells later.
   */
  async retryAll(name: string): Promise<number> {
    return this.locked(name, async (manager) => {
      const [rows] = await query<[unknown[], number]>(manager, retryAllNow, [name]);
      return rows.length;
    });
  }

  /** Tries the failed event of a stream again at once, and resolves with its position. @throws StreamNotSetAsideError */
  async retryStream(name: string, stream: StreamId): Promise<Position> {
    return this.locked(name, async (manager) => {
      const values = [name, stream.type, stream.id];
      const [[row]] = await query<[{ position: string }[], number]>(manager, retryStreamNow, values);
      if (!row) throw new StreamNotSetAsideError(name, stream);
      return BigInt(row.position);
    });
  }

  /** Gives the event up, and says why; those that wait behind it follow. @throws NotParkedError */
  async discard(name: string, position: Position, reason: string): Promise<void> {
    await this.locked(name, async (manager) => {
      await query(manager, recordDiscarded, [name, position, reason, currentMetadata().actor]);
      const [rows] = await query<[ParkedRow[], number]>(manager, deleteDiscarded, [name, position]);
      const [stream] = rows;
      if (!stream) throw new NotParkedError(name, position);
      await query(manager, promoteNext, [name, stream.aggregate_type, stream.aggregate_id]);
    });
  }

  /**
   * Gives the checkpoint, the tables and what is set aside of a projector that was renamed to its new name, which a projector of this
   * program has. No process may run it meanwhile. @throws QueryFailedError saying why it is refused
   */
  async rename(oldName: string, newName: string): Promise<void> {
    await query(this.dataSource, rename, [oldName, this.known(newName)]);
  }

  private known(name: string): string {
    this.subscribers.get(this.isRebuild(name) ? name.slice(0, -shadowSuffix.length) : name);
    return name;
  }

  private isRebuild(name: string): boolean {
    return name.endsWith(shadowSuffix);
  }

  /** The loop locks the same row before it queues an event behind another one. */
  private async locked<R>(name: string, work: (manager: EntityManager) => Promise<R>): Promise<R> {
    const known = this.known(name);
    return this.dataSource.transaction(async (manager) => {
      await query(manager, lockSubscription, [known]);
      return work(manager);
    });
  }

  private async update(statement: KernelSql, name: string): Promise<boolean> {
    const [rows] = await query<[unknown[], number]>(this.dataSource, statement, [name]);
    return rows.length > 0;
  }
}
