import { RecordedEvent } from '../event-store/event-envelope';

/** Primes, from an event by itself to some hundred: no page of a projector is divided like this. */
const sizes = [1, 3, 7, 31, 127, 353];

/**
 * Divides what a fold projects into other batches than those of the projector. Rows that depend on which events came together then
 * differ, and the comparison shows it.
 */
export class FoldParts {
  private next = 0;

  *of(events: readonly RecordedEvent[]): Generator<readonly RecordedEvent[]> {
    for (let start = 0; start < events.length;) {
      const size = sizes[this.next++ % sizes.length] ?? 1;
      yield events.slice(start, start + size);
      start += size;
    }
  }
}
