import { Position, RecordedEvent } from '../../event-store/event-envelope';

/** How long the events of one transaction are handled before it commits, in milliseconds. */
const handlingMs = 1_000;

/** The events of one transaction, the first of them in any case, until the time of the transaction is up. */
export class EventsInTime implements Iterable<RecordedEvent> {
  /** Position of the first event for which there was no time; undefined when there was time for all. */
  end: Position | undefined;

  constructor(private readonly events: readonly RecordedEvent[]) {}

  get isEmpty(): boolean {
    return this.events.length === 0;
  }

  *[Symbol.iterator](): Iterator<RecordedEvent> {
    const until = performance.now() + handlingMs;
    for (const event of this.events) {
      if (event !== this.events[0] && performance.now() >= until) {
        this.end = event.position;
        return;
      }
      yield event;
    }
  }
}
