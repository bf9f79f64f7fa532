import { RecordedEvent } from './event-envelope';
import { ReadStreamOptions } from './event-store';

const pageSize = 1_000;

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
