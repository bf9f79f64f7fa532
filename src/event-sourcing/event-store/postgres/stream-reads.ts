import { ReadGroups } from '../../read-groups';
import { RecordedEvent, StreamId } from '../event-envelope';
import { isText } from '../plain-json';
import { StreamPage } from '../read-pages';
import { RunKernelStatement } from '../../schema/kernel-statement';
import { PageMeter } from './page-meter';
import { readStream, readStreams } from './read-stream';
import { EventRow, recordedEvent } from './recorded-event-row';

export interface PageOfStream {
  readonly stream: StreamId;
  /** Events behind this version. */
  readonly after: number;
  /** Events, at most. */
  readonly limit: number;
}

type NumberedRow = readonly [...event: EventRow, page: number];

/** Events that one query for several streams gives, at most: each stream has its share. */
const eventsOfGroup = 4_096;

/** Pages of streams. Those that are asked for at once by many travel in groups: one round trip for many commands. */
export class StreamReads {
  private readonly groups = new ReadGroups((pages: readonly PageOfStream[]) => this.read(pages));

  /** @param charactersPerPage Of JSON in the events of one query. */
  constructor(
    private readonly run: RunKernelStatement,
    private readonly charactersPerPage: number,
  ) {}

  page(page: PageOfStream): Promise<StreamPage> {
    return mayShare(page) ? this.groups.get(page) : this.readOne(page);
  }

  private async read(pages: readonly PageOfStream[]): Promise<readonly StreamPage[]> {
    const [page] = pages;
    return page && pages.length === 1 ? [await this.readOne(page)] : this.readSeveral(pages);
  }

  private async readOne({ stream: { type, id }, after, limit }: PageOfStream): Promise<StreamPage> {
    const values = [type, id, after, limit];
    const meter = new PageMeter(this.charactersPerPage);
    const rows = await this.run<EventRow>({
      name: 'read-stream',
      text: readStream,
      values,
      rowMode: 'array',
      types: meter,
    });
    const stream = { type, id };
    const events = meter.kept(rows).map((row) => recordedEvent(row, stream));
    const { isCut } = meter;
    return { events, isLast: rows.length < limit && !isCut, isCut };
  }

  private async readSeveral(pages: readonly PageOfStream[]): Promise<readonly StreamPage[]> {
    const share = Math.floor(eventsOfGroup / pages.length);
    const limits = pages.map(({ limit }) => Math.min(limit, share));
    const values = [
      pages.map(({ stream }) => stream.type),
      pages.map(({ stream }) => stream.id),
      pages.map(({ after }) => after),
      limits,
    ];
    const meter = new PageMeter(this.charactersPerPage);
    const rows = await this.run<NumberedRow>({
      name: 'read-streams',
      text: readStreams,
      values,
      rowMode: 'array',
      types: meter,
    });
    const found = pages.map(({ stream: { type, id } }) => ({
      stream: { type, id },
      events: [] as RecordedEvent[],
    }));
    const kept = meter.kept(rows);
    for (const row of kept) {
      const page = found[row[8] - 1];
      page?.events.push(recordedEvent(row, page.stream));
    }
    const firstCut = (rows[kept.length]?.[8] ?? Number.POSITIVE_INFINITY) - 1;
    return found.map(({ events }, index) => ({
      events,
      isLast: events.length < (limits[index] ?? 0) && index < firstCut,
      isCut: index >= firstCut,
    }));
  }
}

/** What Postgres refuses must fail alone. */
function mayShare({ stream, after, limit }: PageOfStream): boolean {
  return isText(stream.type) && isText(stream.id) && [after, limit].every(isInteger);
}

/** Of Postgres: 32 bits. */
function isInteger(value: number): boolean {
  return value === (value | 0);
}
