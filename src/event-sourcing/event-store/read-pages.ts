import { RecordedEvent } from './event-envelope';
import { ReadStreamOptions } from './event-store';

/** More than a round thousand, so that a stream of that many needs no second read to know its end. */
const pageSize = 1_024;

type ReadPage = (after: number, limit: number) => Promise<readonly RecordedEvent[]>;

/** Reads a stream page by page, each page only when the one before is consumed. */
export function readPages(options: ReadStreamOptions, readPage: ReadPage): AsyncIterable<RecordedEvent> {
  return { [Symbol.asyncIterator]: () => new PageIterator(options, readPage) };
}

/** By hand, because to load a stream of a thousand events through an async generator takes twice the time of its events. */
class PageIterator implements AsyncIterator<RecordedEvent> {
  private page: readonly RecordedEvent[] = [];
  private index = 0;
  private after: number;
  private left: number;

  constructor(
    { after = 0, limit = Number.POSITIVE_INFINITY }: ReadStreamOptions,
    private readonly readPage: ReadPage,
  ) {
    this.after = after;
    this.left = limit;
  }

  next(): Promise<IteratorResult<RecordedEvent>> {
    const value = this.page[this.index++];
    return value ? Promise.resolve({ value, done: false }) : this.nextPage();
  }

  return(): Promise<IteratorResult<RecordedEvent>> {
    this.page = [];
    this.left = 0;
    return Promise.resolve({ value: undefined, done: true });
  }

  private async nextPage(): Promise<IteratorResult<RecordedEvent>> {
    if (this.left <= 0) return this.return();
    const limit = Math.min(pageSize, this.left);
    this.page = await this.readPage(this.after, limit);
    this.left = this.page.length < limit ? 0 : this.left - limit;
    this.after = this.page.at(-1)?.version ?? this.after;
    this.index = 0;
    return this.next();
  }
}
