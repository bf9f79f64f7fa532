import { EventSourcingError } from '../domain';
import { StreamId } from '../event-store/event-envelope';

/** No class of this program stores its events in streams of this type. */
export class UnknownAggregateTypeError extends EventSourcingError {
  readonly code = 'aggregate-type.unknown';
  readonly kind = 'not-found';

  constructor(type: string, known: readonly string[]) {
    super(
      `No aggregate of this program has streams of the type "${type}". There are: ${known.join(', ') || 'none'}.`,
    );
  }
}

/** The stream ends before the version that was asked for, or has no events at all (`lastVersion` 0). */
export class VersionNotReachedError extends EventSourcingError {
  readonly code = 'stream.version-not-reached';
  readonly kind = 'not-found';

  constructor(
    readonly stream: StreamId,
    readonly version: number,
    readonly lastVersion: number,
  ) {
    super(
      lastVersion === 0
        ? `There is no stream ${stream.type}/${stream.id}.`
        : `Stream ${stream.type}/${stream.id} has no version ${version} yet: its last event has version ${lastVersion}.`,
    );
  }
}

/** The versions that were asked for are no range: they begin at 1, and the last is not before the first. */
export class VersionRangeError extends EventSourcingError {
  readonly code = 'stream.version-range';
  readonly kind = 'invalid';

  constructor(from: number, to: number) {
    super(
      `There are no versions from ${from} to ${to}. Ask from 1 on, and to the same version or a later one.`,
    );
  }
}
