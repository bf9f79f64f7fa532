import { EventSourcingError } from '../domain';

/** No event of this aggregate is stored. */
export class AggregateNotFoundError extends EventSourcingError {
  readonly code = 'aggregate.not-found';
  readonly kind = 'not-found';

  constructor(
    readonly aggregateType: string,
    readonly aggregateId: string,
  ) {
    super(`${aggregateType} ${aggregateId} does not exist.`);
  }
}

/** A new aggregate was saved under an id that is taken. */
export class AggregateAlreadyExistsError extends EventSourcingError {
  readonly code = 'aggregate.exists';
  readonly kind = 'conflict';

  constructor(
    readonly aggregateType: string,
    readonly aggregateId: string,
  ) {
    super(`${aggregateType} ${aggregateId} exists already.`);
  }
}

/** The caller named the versions it would decide upon, and the aggregate is at another. */
export class VersionPreconditionError extends EventSourcingError {
  readonly code = 'aggregate.other-version';
  readonly kind = 'conflict';

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

/** A mistake in the aggregate: it is new, or it claims or releases a value, and yet raised no event to store. */
export class NothingRaisedError extends EventSourcingError {
  readonly code = 'aggregate.nothing-raised';
  readonly kind = 'defect';

  constructor(aggregateType: string) {
    super(
      `${aggregateType} raised no event, so there is nothing to store. Raise the event that tells what happened.`,
    );
  }
}

/** A mistake in the aggregate: what its constructor raises would be stored again by each decision. */
export class RaisedInConstructorError extends EventSourcingError {
  readonly code = 'aggregate.raised-in-constructor';
  readonly kind = 'defect';

  constructor(aggregateType: string) {
    super(
      `The constructor of ${aggregateType} raises an event or claims a value, and it runs at each load. Do that in a static method that makes a new one.`,
    );
  }
}
