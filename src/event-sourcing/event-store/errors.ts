import { EventSourcingError } from '../domain';
import { ClaimedValue, ExpectedVersion } from './event-store';
import { StreamId } from './event-envelope';

/** The stream is not where the append expected it. Load again and decide again. */
export class WrongExpectedVersionError extends EventSourcingError {
  readonly code = 'stream.version-conflict';
  readonly kind = 'conflict';

  constructor(
    readonly stream: StreamId,
    readonly expectedVersion: ExpectedVersion,
    readonly actualVersion: number,
  ) {
    super(
      actualVersion === expectedVersion
        ? `Stream ${stream.type}/${stream.id} is at version ${actualVersion}, but with another last event than the append expected.`
        : `Stream ${stream.type}/${stream.id} is at version ${actualVersion}, but the append expected ${expectedVersion}.`,
    );
  }
}

/** An event id of the append stands in the log already, and the append is not a retry of what is stored. */
export class DuplicateEventIdError extends EventSourcingError {
  readonly code = 'event-id.taken';
  readonly kind = 'defect';

  constructor(readonly stream: StreamId) {
    super(
      `An append to ${stream.type}/${stream.id} uses an event id that is taken. Give each event an id of its own.`,
    );
  }
}

/** Another stream holds the value. */
export class ClaimTakenError extends EventSourcingError {
  readonly code = 'claim.taken';
  readonly kind = 'conflict';

  constructor(
    readonly stream: StreamId,
    readonly claim: ClaimedValue,
  ) {
    super(`A ${claim.scope} that ${stream.type}/${stream.id} claims is held by another stream.`);
  }
}

/**
 * The caller's key has a receipt already. Nothing of this request was stored: read the receipt, which tells what became of
 * the first one.
 */
export class ReceiptExistsError extends EventSourcingError {
  readonly code = 'receipt.exists';
  readonly kind = 'conflict';

  constructor(
    readonly caller: string,
    readonly key: string,
  ) {
    super('A request under this key of the caller was done before. Its receipt tells what became of it.');
  }
}

/** The append can never be stored as it is; the message says what to change. */
export class InvalidAppendError extends EventSourcingError {
  readonly code = 'append.invalid';
  readonly kind = 'invalid';
}

/**
 * A mistake in the code: an append in a transaction and one outside it, which would wait for each other, because the first holds
 * the head of the log until its transaction ends. Nothing of this append was stored.
 */
export class HeadHeldError extends EventSourcingError {
  readonly code = 'log.head-held';
  readonly kind = 'defect';

  constructor(why: string) {
    super(
      `${why} An append in a transaction holds the head of the log until that ends, so the two would wait for each other. Make all appends in the transaction, or none, or the other one behind its commit.`,
    );
  }
}

/** Too many appends are waiting. Nothing was stored; try again later. */
export class EventStoreOverloadedError extends EventSourcingError {
  readonly code = 'store.overloaded';
  readonly kind = 'unavailable';

  constructor(readonly waiting: number) {
    super(`${waiting} appends are waiting already. Nothing was stored: try again later, or raise the limit.`);
  }
}

/** Too many wait for a connection of this process already. Nothing was sent; try again later. */
export class PoolExhaustedError extends EventSourcingError {
  readonly code = 'pool.exhausted';
  readonly kind = 'unavailable';

  constructor(readonly waiting: number) {
    super(`${waiting} requests wait for a connection already: try again later, or raise the limit.`);
  }
}

/**
 * The store cannot be reached, or the connection died before it answered. Whether the append was stored is unknown: to
 * repeat it with the same event ids is safe.
 */
export class EventStoreUnavailableError extends EventSourcingError {
  readonly code = 'store.unavailable';
  readonly kind = 'unavailable';

  constructor(cause?: unknown) {
    super('The event store cannot be reached. Try again; an append, with the same event ids.', {
      cause,
    });
  }
}

/** The store was closed; the process is stopping. Nothing was stored. */
export class EventStoreClosedError extends EventSourcingError {
  readonly code = 'store.closed';
  readonly kind = 'unavailable';

  constructor() {
    super('The event store is closed, because the process is stopping. Nothing was stored.');
  }
}

/** The database answered a statement of the kernel in a way that it never should: its tables or functions are others. */
export class DatabaseAnswerError extends EventSourcingError {
  readonly code = 'database.answer-missing';
  readonly kind = 'defect';

  /** @param what What was asked for: `the head of the log`. */
  constructor(what: string) {
    super(`The database does not tell ${what}. Run the migrations, and verify the log.`);
  }
}
