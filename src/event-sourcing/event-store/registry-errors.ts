import { EventSourcingError } from '../domain';
import { RecordedEvent } from './event-envelope';

/** Found while the application starts: it must not start. */
export class EventRegistrationError extends EventSourcingError {
  readonly code = 'registration.invalid';
  readonly kind = 'defect';
}

/** The log holds an event that no registered class stands for. To skip it would be to lose it. */
export class UnknownEventTypeError extends EventSourcingError {
  readonly code = 'event-type.unknown';
  readonly kind = 'defect';

  constructor(readonly type: string) {
    super(
      `No class is registered for the stored event type "${type}". Keep the class and its @On methods for as long as its events are stored; ` +
        `or, if its type has another name now, name this one there: { formerly: ['${type}'] }; or pass its events over: ` +
        `EventSourcingModule.forFeature({ retired: ['${type}'] }).`,
    );
  }
}

/** The log holds an event of a later schema than this program knows: a newer program wrote it. */
export class UnknownSchemaVersionError extends EventSourcingError {
  readonly code = 'schema-version.unknown';
  readonly kind = 'defect';

  constructor(type: string, stored: number, known: number) {
    super(
      `"${type}" is stored with schema version ${stored}, but this program knows ${known}. Deploy the newer one.`,
    );
  }
}

/** How errors call an event of the log. */
type EventName = Pick<RecordedEvent, 'position' | 'type' | 'schemaVersion'>;

function nameOf({ position, type, schemaVersion }: EventName): string {
  return `The event at position ${position} ("${type}", schema version ${schemaVersion})`;
}

/** What is stored of an event cannot become an instance of its class as it stands there. */
export class StoredMemberError extends EventSourcingError {
  readonly code = 'stored-event.invalid';
  readonly kind = 'defect';

  constructor(
    readonly event: EventName,
    what: string,
  ) {
    super(`${nameOf(event)} ${what}`);
  }
}

/** A mistake in the upcasters of an event class. */
export class UpcastError extends EventSourcingError {
  readonly code = 'upcaster.failed';
  readonly kind = 'defect';

  constructor(
    readonly event: EventName,
    /** The schema version that the step starts from. */
    readonly from: number,
    what: string,
    cause?: unknown,
  ) {
    super(`${nameOf(event)} was not upcast: the step from ${from} to ${from + 1} ${what}.`, { cause });
  }
}

/**
 * The log holds a number that a number of JavaScript cannot hold: another program wrote it. To read it as something else would be
 * to alter the log.
 */
export class InexactNumberError extends EventSourcingError {
  readonly code = 'stored-event.number-inexact';
  readonly kind = 'defect';

  /** @param place In the event: `data.lines[0].price`. */
  constructor(
    readonly event: EventName,
    readonly place: string,
    literal: string,
  ) {
    super(
      `${nameOf(event)} holds ${literal} at ${place}, which a number cannot hold exactly. Whatever writes such values must write them as a string.`,
    );
  }
}
