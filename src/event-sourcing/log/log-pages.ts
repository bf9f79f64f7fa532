import { Position, RecordedEvent } from '../event-store/event-envelope';
import { EventStore } from '../event-store/event-store';
import { checkContiguous } from './contiguous';

type Page = readonly RecordedEvent[];

/** The log page by page. Behind a full page there may be more: the next one is read while that is in hand. */
export class LogPages {
  private ahead: { readonly after: Position; readonly page: Promise<Page> } | undefined;

  constructor(
    private readonly log: Pick<EventStore, 'readAll'>,
    private readonly size: number,
  ) {}

  /** The events after the position; none at the end of the log. @throws LogHoleError */
  async after(position: Position): Promise<Page> {
    const { ahead } = this;
    this.ahead = undefined;
    const page = ahead?.after === position ? await ahead.page : [];
    // An empty page that was read ahead may be older than an append that the caller has heard of.
    return this.check(page.length > 0 ? page : await this.read(position), position);
  }

  private check(page: Page, position: Position): Page {
    checkContiguous(page, position);
    if (page.length === this.size) this.readAhead(page);
    return page;
  }

  private readAhead(page: Page): void {
    const after = page.at(-1)?.position ?? 0n;
    const next = this.read(after);
    // Whoever asks for the page gets its error; perhaps nobody does.
    next.catch(() => undefined);
    this.ahead = { after, page: next };
  }

  private read(after: Position): Promise<Page> {
    return this.log.readAll({ after, limit: this.size });
  }
}
