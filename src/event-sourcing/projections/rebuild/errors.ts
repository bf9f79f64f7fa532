import { EventSourcingError } from '../../event-store/errors';

/** One rebuild of a projection at a time. */
export class RebuildInProgressError extends EventSourcingError {
  constructor(readonly projection: string) {
    super(
      `The rows of "${projection}" are being made anew already. Follow that with "npm run cli -- projections rebuild ` +
        `${projection} --resume", or give it up: npm run cli -- projections cancel-rebuild ${projection}`,
    );
  }
}

/** The rows of the projection are not being made anew. */
export class NoRebuildError extends EventSourcingError {
  constructor(projection: string) {
    super(`The rows of "${projection}" are not being made anew.`);
  }
}

/** Only projectors have rows that can be made anew; a handler would repeat what it has done. */
export class NotAProjectorError extends EventSourcingError {
  constructor(readonly subscription: string) {
    super(`"${subscription}" is a durable handler, and has no rows to make anew.`);
  }
}

/** The tables cannot be copied, or not by this role of the database. `hint` is a sentence: what to do about it. */
export class RebuildRefusedError extends EventSourcingError {
  constructor(projection: string, cause: Error, hint?: string) {
    super(
      `The rows of "${projection}" cannot be made anew: ${cause.message.replace(/\.$/, '')}. ${hint ? `${hint} ` : ''}` +
        'docs/how-to/rebuild-a-read-model.md tells what a table of a read model may have, and which rights it takes.',
      { cause },
    );
  }
}

/** Sessions that use the tables are in the way of a rebuild. It tries again. */
export class RebuildBlockedError extends EventSourcingError {
  constructor(projection: string, sessions: string) {
    super(
      `The new rows of "${projection}" cannot take over yet, because their tables are in use by ${sessions}. ` +
        'It is tried again after a pause.',
    );
  }
}

/** The live table is no longer the one that was copied, or something would be lost with it. */
export class TableChangedError extends EventSourcingError {
  constructor(projection: string, table: string, problem: string) {
    super(
      `The new rows of "${projection}" cannot take over yet: table "${table}" has changed since its copy was made: ${problem}.`,
    );
  }
}

/** A table that is to be dropped is in use: by an object that depends on it, or by a session. */
export class TableInUseError extends EventSourcingError {
  constructor(table: string, why: string) {
    super(`Table ${table} cannot be dropped: ${why}.`);
  }
}
