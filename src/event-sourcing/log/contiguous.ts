import { EventSourcingError } from '../domain';
import { Position, RecordedEvent } from '../event-store/event-envelope';

/** The log has a hole. It never should: events were removed behind the store's back, or a reader skipped some. */
export class LogHoleError extends EventSourcingError {
  readonly code = 'log.hole';
  readonly kind = 'defect';

  constructor(
    readonly expected: Position,
    /** Undefined where the log ends, before its head. */
    readonly found: Position | undefined,
  ) {
    super(
      `The log has a hole: position ${expected} was expected, and ${found ?? 'nothing'} was read. ` +
        'Verify the log, and restore the missing events from a backup.',
    );
  }
}

/** A checkpoint is at a position that the log does not have: the log was restored to an earlier state, and the checkpoint was not. */
export class BeyondLogError extends EventSourcingError {
  readonly code = 'checkpoint.beyond-log';
  readonly kind = 'defect';

  constructor(
    readonly position: Position,
    readonly head: Position,
  ) {
    super(
      `The checkpoint is at position ${position}, but the log ends at ${head}. The log was restored to an earlier state, and the ` +
        `checkpoint was not. Restore both from one backup; events up to ${position} that are appended now would be skipped.`,
    );
  }
}

/** The log of this database does not hold an event that was read before: the server was replaced by one that has fewer events. */
export class EventGoneError extends EventSourcingError {
  readonly code = 'log.event-gone';
  readonly kind = 'defect';

  constructor(readonly position: Position) {
    super(
      `The event at position ${position} was read, but the log does not hold it any more: the database was restored to an ` +
        'earlier state, or another server has taken over that did not have it. Nothing of it was kept.',
    );
  }
}

/** Refuses a page of the log that does not follow `after` without a hole. */
export function checkContiguous(events: readonly RecordedEvent[], after: Position): void {
  let expected = after;
  for (const event of events) {
    expected += 1n;
    if (event.position !== expected) throw new LogHoleError(expected, event.position);
  }
}
