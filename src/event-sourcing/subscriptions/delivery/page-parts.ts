import { Position, RecordedEvent } from '../../event-store/event-envelope';
import { ParkedEvents } from '../parked/parked-events';
import { Subscriber } from '../subscriber';

/** Events that follow each other in the log, to be handled in one transaction, and those of them that are for the subscriber. */
export interface Part {
  readonly events: readonly RecordedEvent[];
  readonly wanted: readonly RecordedEvent[];
}

/** Divides pages of the log into parts, and tells which of their events are to be handled. */
export class PageParts {
  constructor(
    private readonly subscriber: Subscriber,
    private readonly parked: ParkedEvents,
  ) {}

  /** The events from `start` on, with at most `limit` that are wanted. @throws UnknownEventTypeError when the first is unknown. */
  part(events: readonly RecordedEvent[], start: number, limit: number): Part {
    const wanted: RecordedEvent[] = [];
    let end = start;
    for (const event of after(events, start)) {
      const wants = this.wants(event, end === start);
      if (wants === undefined || (wants && wanted.length >= limit)) break;
      if (wants) wanted.push(event);
      end++;
    }
    return { events: events.slice(start, end), wanted };
  }

  /** The events of the page behind a position that are to be handled. */
  toHandleBehind(page: readonly RecordedEvent[], position: Position): RecordedEvent[] {
    return this.toHandle(
      page.filter((event) => event.position > position && this.wants(event, false) === true),
    );
  }

  /** Those of the wanted events whose stream is not set aside. */
  toHandle(wanted: readonly RecordedEvent[]): RecordedEvent[] {
    return wanted.filter((event) => !this.parked.has(event.stream));
  }

  /** Undefined for an event that this program does not know: what comes before it is handled first. */
  private wants(event: RecordedEvent, isFirst: boolean): boolean | undefined {
    try {
      return this.subscriber.wants(event);
    } catch (error) {
      if (isFirst) throw error;
      return undefined;
    }
  }
}

function* after<T>(list: readonly T[], start: number): Generator<T> {
  for (let index = start; index < list.length; index++) yield list[index] as T;
}
