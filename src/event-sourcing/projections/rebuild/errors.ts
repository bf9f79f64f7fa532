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

/** The tables cannot be copied, or not by this role of the database. */
export class RebuildRefusedError extends EventSourcingError {
  constructor(projection: string, cause: Error) {
    super(
      `The rows of "${projection}" cannot be made anew: ${cause.message}. ` +
        'docs/how-to/rebuild-a-read-model.md tells what a table of a read model may have, and which rights it takes.',
      { cause },
    );
  }
}
