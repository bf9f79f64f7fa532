import type { EntityManager } from 'typeorm';
import { NewEvent, Position, RecordedEvent, StreamId } from './event-envelope';
import type { LogIdentity } from './log-identity';
import { Receipt } from '../messaging/receipt';
import { StoredReceipt } from './stored-receipt';

/** `'no-stream'` is version 0. A number is the version of the stream's last event. */
export type ExpectedVersion = number | 'no-stream' | 'stream-exists' | 'any';

/** A value held by one stream at a time; see `Claim` in the domain. */
export interface ClaimedValue {
  readonly scope: string;
  readonly value: string;
}

export interface AppendOptions {
  readonly expectedVersion: ExpectedVersion;
  /**
   * The id of the event at the expected version, which must be a number from 1 on. Where another event stands there, the
   * append is refused as at another version (WrongExpectedVersionError): the database may have lost the one that was read.
   */
  readonly lastEventId?: string;
  /** Values to take for this stream, after `releases`. One that this stream holds already is fine. */
  readonly claims?: readonly ClaimedValue[];
  /** Values to give up. One that this stream does not hold is left alone. */
  readonly releases?: readonly ClaimedValue[];
  /** Stored with the append or not at all. Where the caller's key has one already, nothing of the append is stored. */
  readonly receipt?: Receipt;
  /**
   * Joins this TypeORM transaction (READ COMMITTED). Make it the last write: the append locks the head of the log until
   * the transaction ends, and every other append waits for it; one of the same message outside the transaction is refused
   * (HeadHeldError). Postgres store only.
   */
  readonly transaction?: EntityManager;
}

/**
 * Where the stream's last event stands once the append is stored (or the same append was stored before). In JSON the position is a
 * decimal string.
 */
export interface AppendResult {
  readonly version: number;
  readonly position: Position;
}

export interface ReadStreamOptions {
  /** Only events with a greater version. Default 0. */
  readonly after?: number;
  /** At most so many events. Default: all. */
  readonly limit?: number;
}

export interface ReadAllOptions {
  /** Only events with a greater position; 0n reads from the beginning. */
  readonly after: Position;
  /** 1 to 10,000. Default 1,000. */
  readonly limit?: number;
}

/** How busy a process is with the log. */
export interface EventStoreLoad {
  /** Appends that wait for a batch; those under way do not count. */
  readonly waitingAppends: number;
  /** `waiting`: requests for a connection that wait for a free one. */
  readonly connections: { readonly total: number; readonly idle: number; readonly waiting: number };
}

/** Whether appends can be stored now. */
export interface LogState {
  /** The server is a standby, or its sessions are read-only. */
  readonly isReadOnly: boolean;
  /** Why every append would fail, although the server writes; undefined while nothing is wrong. */
  readonly problem: string | undefined;
}

/**
 * An append-only log of events in streams, with one total order.
 *
 * - `position` is dense and in commit order: who reads `position > n` misses nothing, and sees each stream's versions
 *   in order.
 * - An acknowledged append is durable. A failed one stored nothing.
 * - Of two appends with the same expected version exactly one succeeds. One that tells the id of the event at that version
 *   is stored only behind that event.
 * - An event id is unique in the whole log, which makes a retry safe. With an exact version (or `'no-stream'`) behind the
 *   stream's head, the ids stored from there on are compared: all equal gives the first result again; a first id that
 *   differs, or a batch that runs past what is stored, is a `WrongExpectedVersionError`. With `'any'` or
 *   `'stream-exists'`, a batch whose ids stand in this stream one after the other gives the first result again. Any other
 *   use of a stored id is a `DuplicateEventIdError`.
 * - An append ahead of the head is a `WrongExpectedVersionError`. An empty append checks the version, and stores nothing
 *   but its receipt.
 * - Of all appends and notes under one key of one caller the first keeps its receipt, and the others store nothing, until
 *   the receipt has run out.
 */
export abstract class EventStore {
  /**
   * Appends all events, or none.
   * @throws WrongExpectedVersionError, DuplicateEventIdError, ClaimTakenError: refused by what is stored.
   * @throws ReceiptExistsError: the receipt's key was used before, whatever else would refuse the append.
   * @throws InvalidAppendError: the events can never be stored (size, length, JSON that would change).
   * @throws EventStoreOverloadedError, EventStoreUnavailableError: try again, with the same event ids.
   */
  abstract appendToStream(
    stream: StreamId,
    events: readonly NewEvent[],
    options: AppendOptions,
  ): Promise<AppendResult>;

  /** The events of a stream in order; none for a stream that does not exist. Reads page by page as it is consumed. */
  abstract readStream(stream: StreamId, options?: ReadStreamOptions): AsyncIterable<RecordedEvent>;

  /** One page of the log, in order; empty at the end. Large events make it shorter than the limit, though more are there. */
  abstract readAll(options: ReadAllOptions): Promise<readonly RecordedEvent[]>;

  /** Position of the last event; 0n in an empty log. */
  abstract head(): Promise<Position>;

  /**
   * Whether the log is a table of Postgres that a checkpoint can be proved against: a checkpoint then moves only past an event
   * which the database of the checkpoints holds. A store with such a table gives its `identity()`, too.
   */
  readonly isInDatabase: boolean = false;

  /** Which log it is, for comparing it with that of another connection; undefined for a store without tables. */
  identity(): Promise<LogIdentity | undefined> {
    return Promise.resolve(undefined);
  }

  /**
   * From now on the `AppendSignal` moves with the appends of other processes as well, until the store is closed. A hint, which
   * may be lost; nothing in a store that has no others.
   */
  hearOthers(): void {}

  /** What became of the request under this key of the caller; undefined for none, and once it has run out. */
  abstract findReceipt(caller: string, key: string): Promise<StoredReceipt | undefined>;

  /**
   * Keeps a receipt for a request that appended nothing, with a note (16,384 characters at most) of what it was told.
   * @throws ReceiptExistsError when the key has one; InvalidAppendError, EventStoreUnavailableError.
   */
  abstract keepReceipt(receipt: Receipt, note: string): Promise<void>;

  /** How busy this process is with the log, at this moment; undefined for a store that does not count. */
  load(): EventStoreLoad | undefined {
    return undefined;
  }

  /** Whether appends could be stored now; undefined for a store that cannot tell. */
  state(): Promise<LogState | undefined> {
    return Promise.resolve(undefined);
  }

  /**
   * Stores what waits, and gives its connections back. The module calls it when the application shuts down, after the last request;
   * a second call does nothing.
   */
  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Deletes at most so many receipts that have run out, and tells how many it deleted. */
  abstract deleteExpiredReceipts(limit: number): Promise<number>;
}
