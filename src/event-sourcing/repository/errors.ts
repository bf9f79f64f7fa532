import { EventSourcingError } from '../event-store/errors';

/** No event of this aggregate is stored. */
export class AggregateNotFoundError extends EventSourcingError {
  constructor(
    readonly aggregateType: string,
    readonly aggregateId: string,
  ) {
    super(`${aggregateType} ${aggregateId} does not exist.`);
  }
}

/** A new aggregate was saved under an id that is taken. */
export class AggregateAlreadyExistsError extends EventSourcingError {
  constructor(
    readonly aggregateType: string,
    readonly aggregateId: string,
  ) {
    super(`${aggregateType} ${aggregateId} exists already.`);
  }
}

/** The caller named the versions it would decide upon, and the aggregate is at another. */
export class VersionPreconditionError extends EventSourcingError {
  constructor(
    readonly aggregateType: string,
    readonly aggregateId: string,
    readonly actualVersion: number,
  ) {
    super(
      `${aggregateType} ${aggregateId} is at version ${actualVersion}, which is none of those asked for.`,
    );
  }
}
