import { EventSourcingError } from '../event-store/errors';
import { Position, RecordedEvent } from '../event-store/event-envelope';

/** The log has a hole. It never should: events were removed behind the store's back, or a reader skipped some. */
export class LogHoleError extends EventSourcingError {
  constructor(
    readonly expected: Position,
    readonly found: Position,
  ) {
    super(
      `The log has a hole: position ${expected} was expected, and ${found} was read. ` +
        'Restore the missing events; "npm run cli -- verify" lists what is missing.',
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
