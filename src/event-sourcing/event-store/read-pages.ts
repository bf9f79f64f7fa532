import { RecordedEvent } from './event-envelope';
import { ReadStreamOptions } from './event-store';

/** More than a round thousand, so that a stream of that many needs no second read to know its end. */
const pageSize = 1_024;

/** Reads a stream page by page, each page only when the one before is consumed. */
export async function* readPages(
  options: ReadStreamOptions,
  readPage: (after: number, limit: number) => Promise<readonly RecordedEvent[]>,
): AsyncGenerator<RecordedEvent> {
  let after = options.after ?? 0;
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  while (left > 0) {
    const limit = Math.min(pageSize, left);
    const page = await readPage(after, limit);
    yield* page;
    if (page.length < limit) return;
    left -= page.length;
    after = page.at(-1)?.version ?? after;
  }
}
