import { InexactNumberError } from '../event-store/registry-errors';
import { Position, RecordedEvent } from '../event-store/event-envelope';
import { EventStore, ReadAllOptions } from '../event-store/event-store';

type Page = readonly RecordedEvent[];

interface Read {
  readonly limit: number;
  readonly page: Promise<Page>;
}

/** Pages that are kept while others take them. Where nobody does, one less with each that is read, down to the newest. */
const pagesForOthers = 4;

/** How long a page is kept, in milliseconds: a server that took over with fewer events must not meet what it does not have. */
const keptMs = 1_000;

/**
 * The log as the subscriptions of one process read it. They want the same events at about the same time, so what one of them
 * has just read, or is reading, need not be read again. Events never change: a page is never stale, it only may end
 * before the log does.
 */
export class SharedLog {
  private readonly underWay = new Map<Position, Read>();
  private kept: readonly { readonly page: Page; readonly readAt: number }[] = [];
  private wanted = 1;

  constructor(private readonly store: EventStore) {}

  /** As the store gives them, but nobody can change the events. */
  readAll({ after, limit = 1_000 }: ReadAllOptions): Promise<Page> {
    const known = this.find(after, limit);
    if (known.length > 0) return Promise.resolve(this.given(known));
    const read = this.underWay.get(after);
    return read?.limit === limit ? this.wait(read, after) : this.read(after, limit);
  }

  private find(after: Position, limit: number): Page {
    this.kept = this.kept.filter(({ readAt }) => performance.now() - readAt < keptMs);
    for (const { page } of this.kept) {
      const known = Number(after - (page[0]?.position ?? 0n)) + 1;
      if (known >= 0 && known < page.length) return page.slice(known, known + limit);
    }
    return [];
  }

  /** Where the others find the end of the log, the caller may have heard of an event since they asked. */
  private async wait({ page: coming, limit }: Read, after: Position): Promise<Page> {
    const page = await coming;
    return page.length > 0 ? this.given(page) : this.read(after, limit);
  }

  private given(page: Page): Page {
    this.wanted = pagesForOthers;
    return page;
  }

  private read(after: Position, limit: number): Promise<Page> {
    const read = { limit, page: this.fetch(after, limit) };
    const forget = (): void => {
      if (this.underWay.get(after) === read) this.underWay.delete(after);
    };
    this.underWay.set(after, read);
    read.page.then(forget, forget);
    return read.page;
  }

  private async fetch(after: Position, limit: number): Promise<Page> {
    const page = await this.store.readAll({ after, limit });
    for (const event of page) freeze(event);
    if (page.length > 0) this.keep(page);
    return page;
  }

  private keep(page: Page): void {
    this.kept = [{ page, readAt: performance.now() }, ...this.kept].slice(0, this.wanted);
    this.wanted = Math.max(1, this.wanted - 1);
  }
}

function freeze(event: RecordedEvent): void {
  try {
    freezeJson(event.data);
    freezeJson(event.metadata);
  } catch (error) {
    // It throws again where it is handled, and there it is the failure of that event alone.
    if (!(error instanceof InexactNumberError)) throw error;
  }
  Object.freeze(event.stream);
  Object.freeze(event);
}

/** `for … in` makes no list of the members. */
function freezeJson(value: Readonly<Record<string, unknown>>): void {
  Object.freeze(value);
  for (const name in value) {
    const member = value[name];
    if (typeof member === 'object' && member !== null) freezeJson(member as Record<string, unknown>);
  }
}
