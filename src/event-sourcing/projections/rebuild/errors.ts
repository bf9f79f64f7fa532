import { EventSourcingError } from '../../domain';

/** One rebuild of a projection at a time. */
export class RebuildInProgressError extends EventSourcingError {
  readonly code = 'rebuild.in-progress';
  readonly kind = 'conflict';

  constructor(readonly projection: string) {
    super(`Projection "${projection}" is being rebuilt already. Follow that rebuild, or cancel it first.`);
  }
}

/** The projection is not being rebuilt. */
export class NoRebuildError extends EventSourcingError {
  readonly code = 'rebuild.not-found';
  readonly kind = 'not-found';

  constructor(readonly projection: string) {
    super(`Projection "${projection}" is not being rebuilt.`);
  }
}

/** Only a projector can be rebuilt; a durable handler would repeat its effects. */
export class NotAProjectorError extends EventSourcingError {
  readonly code = 'subscription.not-a-projector';
  readonly kind = 'invalid';

  constructor(readonly subscription: string) {
    super(`Subscription "${subscription}" is a durable handler, and has no rows to rebuild.`);
  }
}

/** The tables cannot be copied, or not by this role of the database. */
export class RebuildRefusedError extends EventSourcingError {
  readonly code = 'rebuild.refused';
  readonly kind = 'rule';

  /**
   * @param why The error of the database, or the end of a sentence.
   * @param hint A sentence that says what to do about it.
   */
  constructor(
    readonly projection: string,
    why: Error | string,
    hint?: string,
  ) {
    const [reason, options] = typeof why === 'string' ? [why] : [why.message, { cause: why }];
    super(
      `The read model "${projection}" cannot be rebuilt: ${reason.replace(/\.$/, '')}.${hint ? ` ${hint}` : ''}`,
      options,
    );
  }
}

/** Sessions that use the tables are in the way of a rebuild. It tries again. */
export class RebuildBlockedError extends EventSourcingError {
  readonly code = 'rebuild.blocked';
  readonly kind = 'unavailable';

  constructor(
    readonly projection: string,
    sessions: string,
  ) {
    super(
      `The shadow tables of "${projection}" cannot be swapped in yet: the tables are in use by ${sessions}. ` +
        'The swap is tried again after a pause.',
    );
  }
}

/** The live table is no longer the one that was copied, or something would be lost with it. */
export class TableChangedError extends EventSourcingError {
  readonly code = 'rebuild.table-changed';
  readonly kind = 'conflict';

  constructor(
    readonly projection: string,
    table: string,
    problem: string,
  ) {
    super(
      `The shadow tables of "${projection}" cannot be swapped in yet: table "${table}" has changed since its copy was made: ${problem}.`,
    );
  }
}

/** A table that is to be dropped is in use: by an object that depends on it, or by a session. */
export class TableInUseError extends EventSourcingError {
  readonly code = 'rebuild.table-in-use';
  readonly kind = 'conflict';

  constructor(table: string, why: string) {
    super(`Table ${table} cannot be dropped: ${why}.`);
  }
}
