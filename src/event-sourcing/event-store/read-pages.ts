import { RecordedEvent } from './event-envelope';
import { ReadStreamOptions } from './event-store';

/** More than a round thousand, so that a stream of that many needs no second read to know its end. */
const pageSize = 1_024;

export interface StreamPage {
  readonly events: readonly RecordedEvent[];
  /** Whether the stream had nothing behind these events. */
  readonly isLast: boolean;
  /** Whether it ends where it does because its events are large. */
  readonly isCut: boolean;
}

/** Fewest events to ask for after a page that was cut. */
const fewest = 16;

/**
 * Reads a stream page by page, each page only when the one before is consumed.
 * @param readPage May give fewer events than `limit`, though more are there. Behind a page that was cut the next is asked for
 * twice as many, and for more once they fit, so that few events are read and dropped.
 */
export async function* readPages(
  options: ReadStreamOptions,
  readPage: (after: number, limit: number) => Promise<StreamPage>,
): AsyncGenerator<RecordedEvent> {
  let after = options.after ?? 0;
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  let size = pageSize;
  while (left > 0) {
    const { events, isLast, isCut } = await readPage(after, Math.min(size, left));
    yield* events;
    if (isLast) return;
    size = Math.min(pageSize, Math.max(fewest, 2 * (isCut ? events.length : size)));
    left -= events.length;
    after = events.at(-1)?.version ?? after;
  }
}
