import { Injectable } from '@nestjs/common';
import { freezeJson } from '../event-store/freeze-json';
import { InexactNumberError } from '../event-store/registry-errors';
import { Position, RecordedEvent } from '../event-store/event-envelope';
import { EventStore, ReadAllOptions } from '../event-store/event-store';
import { BeyondLogError, LogHoleError } from './contiguous';

type Page = readonly RecordedEvent[];

interface Read {
  readonly limit: number;
  readonly page: Promise<Page>;
}

/** Pages kept for other subscriptions. While none of them reads a kept page, each new page shrinks the cache by one, down to 1. */
const pagesForOthers = 4;

/** How long a page is kept, in milliseconds. */
const keptMs = 1_000;

/** How often at most the end of the log is compared with its head, in milliseconds. */
const betweenChecksMs = 1_000;

/**
 * The log as the subscriptions of one process read it. They want the same events at about the same time, so what one of them
 * has just read, or is reading, need not be read again. Events never change: a page is never stale, it only may end
 * before the log does. After a failure nothing is kept: another server may have taken over, with fewer events.
 */
@Injectable()
export class SharedLog {
  private readonly underWay = new Map<Position, Read>();
  private kept: readonly { readonly page: Page; readonly readAt: number }[] = [];
  private wanted = 1;
  private checkedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly store: EventStore) {}

  /**
   * As the store gives them, but nobody can change the events.
   * @throws BeyondLogError when the log ends before `after`. LogHoleError when events are missing at its end.
   */
  readAll({ after, limit = 1_000 }: ReadAllOptions): Promise<Page> {
    const known = this.find(after, limit);
    if (known.length > 0) return Promise.resolve(this.given(known));
    const read = this.underWay.get(after);
    return read?.limit === limit ? this.wait(read, after) : this.read(after, limit);
  }

  /** Forgets all pages: from now on each is read from the store. */
  forget(): void {
    this.kept = [];
    this.underWay.clear();
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
  private async wait(coming: Read, after: Position): Promise<Page> {
    const page = await coming.page;
    if (page.length > 0) return this.given(page);
    const later = this.underWay.get(after);
    return later && later !== coming && later.limit === coming.limit
      ? later.page
      : this.read(after, coming.limit);
  }

  private given(page: Page): Page {
    this.wanted = pagesForOthers;
    return page;
  }

  private read(after: Position, limit: number): Promise<Page> {
    const page = this.store.readAll({ after, limit });
    const read: Read = { limit, page: this.checked(page, after, () => this.underWay.get(after) === read) };
    const end = (): void => {
      if (this.underWay.get(after) === read) this.underWay.delete(after);
    };
    this.underWay.set(after, read);
    read.page.then(end, () => this.forget());
    return read.page;
  }

  private async checked(coming: Promise<Page>, after: Position, isWanted: () => boolean): Promise<Page> {
    const page = await coming;
    if (page.length === 0) await this.checkEnd(after);
    for (const event of page) freeze(event);
    if (page.length > 0 && isWanted()) this.keep(page);
    return page;
  }

  /** The log ends where its head says. */
  private async checkEnd(after: Position): Promise<void> {
    if (performance.now() - this.checkedAt < betweenChecksMs) return;
    const head = await this.store.head();
    if (head < after) throw new BeyondLogError(after, head);
    const [next] = head > after ? await this.store.readAll({ after, limit: 1 }) : [];
    if (head > after && !next) throw new LogHoleError(after + 1n, undefined);
    this.checkedAt = performance.now();
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
