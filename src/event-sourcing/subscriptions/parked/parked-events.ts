import type { DataSource, EntityManager } from 'typeorm';
import { streamKey } from '../../event-store/keys';
import { Position, RecordedEvent, StreamId } from '../../event-store/event-envelope';
import { FailureCategory } from './failure-category';
import {
  bringBack,
  countFailed,
  deleteHandled,
  insertFailed,
  insertWaiting,
  promoteNext,
  selectDue,
  selectNext,
  selectStreams,
  updateFailed,
} from './parked-statements';
import { defaultSubscriptionSettings } from '../subscription-settings';
import { query } from '../../schema/query';
import { KernelSql } from '../../schema/sql';

/** The first event of a stream that is set aside, and due for another try. */
export interface DueEvent {
  readonly position: Position;
  readonly stream: StreamId;
  readonly attempts: number;
}

/** How an event failed, and what comes next: another try after a pause, or, without a pause, an operator. */
export interface Failure {
  readonly error: string;
  readonly stack: string | undefined;
  readonly category: FailureCategory;
  readonly retryInMs: number | undefined;
}

/**
 * The events of one subscription that are set aside, in `parked_events`. Only the owner of the lease writes here, and the
 * operator, who locks the row of the subscription first.
 */
export class ParkedEvents {
  /** Streams that were set aside when last looked at; an operator may have freed some since. */
  private streams = new Set<string>();

  /** `longestPauseMs`: between two tries of an event. */
  constructor(
    private readonly dataSource: DataSource,
    private readonly subscription: string,
    private readonly segment: number,
    private readonly longestPauseMs: number = defaultSubscriptionSettings.maxRetryDelayMs,
  ) {}

  async load(): Promise<void> {
    const rows = await query<{ aggregate_type: string; aggregate_id: string }[]>(
      this.dataSource,
      selectStreams,
      [this.subscription, this.segment],
    );
    this.streams = new Set(rows.map((row) => streamKey({ type: row.aggregate_type, id: row.aggregate_id })));
  }

  get isEmpty(): boolean {
    return this.streams.size === 0;
  }

  has(stream: StreamId): boolean {
    return this.streams.has(streamKey(stream));
  }

  /** How many streams the subscription has set aside, in all segments. */
  async count(): Promise<number> {
    const [row] = await query<{ count: number }[]>(this.dataSource, countFailed, [this.subscription]);
    return row?.count ?? 0;
  }

  async due(limit: number): Promise<readonly DueEvent[]> {
    interface Row {
      position: string;
      aggregate_type: string;
      aggregate_id: string;
      attempts: number;
    }
    const values = [this.subscription, this.segment, limit, this.longestPauseMs];
    const rows = await query<Row[]>(this.dataSource, selectDue, values);
    return rows.map((row) => ({
      position: BigInt(row.position),
      stream: { type: row.aggregate_type, id: row.aggregate_id },
      attempts: row.attempts,
    }));
  }

  /** Sets the stream of a failed event aside; `setAside` follows, once that is committed. */
  async add(manager: EntityManager, { position, stream }: RecordedEvent, failure: Failure): Promise<void> {
    const { error, stack, category, retryInMs } = failure;
    const values = [
      this.subscription,
      this.segment,
      position,
      stream.type,
      stream.id,
      error,
      stack ?? null,
      category,
      retryInMs ?? null,
    ];
    await query(manager, insertFailed, values);
  }

  setAside(stream: StreamId): void {
    this.streams.add(streamKey(stream));
  }

  /** Queues events behind those of their streams. The row of the subscription must be locked before. */
  async queue(manager: EntityManager, events: readonly RecordedEvent[]): Promise<void> {
    await query(manager, insertWaiting, [
      this.subscription,
      this.segment,
      events.map((event) => event.position),
      events.map((event) => event.stream.type),
      events.map((event) => event.stream.id),
    ]);
  }

  /** Positions of the first events of a stream that are set aside, at most `limit`. */
  async next({ stream }: DueEvent, limit: number): Promise<readonly Position[]> {
    const values = [this.subscription, stream.type, stream.id, limit];
    const rows = await query<{ position: string }[]>(this.dataSource, selectNext, values);
    return rows.map((row) => BigInt(row.position));
  }

  /** Notes one more failure; false when an operator has decided meanwhile. */
  async fail(manager: EntityManager, position: Position, failure: Failure): Promise<boolean> {
    const { error, stack, category, retryInMs } = failure;
    const values = [this.subscription, position, error, stack ?? null, category, retryInMs ?? null];
    return (await affected(manager, updateFailed, values)) === 1;
  }

  /** Takes handled events out, and lets the next of their stream follow; false when an operator has decided meanwhile. */
  async remove(
    manager: EntityManager,
    stream: StreamId,
    positions: readonly Position[],
  ): Promise<'freed' | 'next' | false> {
    const removed = await affected(manager, deleteHandled, [this.subscription, positions]);
    if (removed !== positions.length) return false;
    const next = await affected(manager, promoteNext, [this.subscription, stream.type, stream.id]);
    return next === 1 ? 'next' : 'freed';
  }

  /** The cause of many failures is gone: tries these streams again, also parked ones, and all that are tried again anyway. */
  async bringBack(streams: readonly StreamId[]): Promise<void> {
    const types = streams.map(({ type }) => type);
    const ids = streams.map(({ id }) => id);
    await query(this.dataSource, bringBack, [this.subscription, this.segment, types, ids]);
  }

  /** The last event of the stream was handled, and that is committed. */
  free(stream: StreamId): void {
    this.streams.delete(streamKey(stream));
  }
}

async function affected(manager: EntityManager, statement: KernelSql, values: unknown[]): Promise<number> {
  const [rows] = await query<[unknown[], number]>(manager, statement, values);
  return rows.length;
}
