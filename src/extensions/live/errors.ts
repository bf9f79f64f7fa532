import { EventSourcingError, type Position } from '../../event-sourcing';

/** The position is none of this log: it was restored to an earlier state, or the position is of another log. */
export class PositionOfAnotherEraError extends EventSourcingError {
  readonly code = 'position.of-another-era';
  readonly kind = 'conflict';

  constructor(
    readonly position: Position,
    readonly head: Position,
  ) {
    super(
      `Position ${position} is not in the log, which ends at ${head}. The log was restored to an earlier state, or the position ` +
        'is of another log. Compare what you have with this log, and go on from a position of it.',
    );
  }
}
