import { RecordedEvent } from '../event-envelope';
import { ReadAllOptions } from '../event-store';
import { RunKernelStatement } from '../../schema/kernel-statement';
import { PageMeter } from './page-meter';
import { eventOfLog, LogRow, readAll } from './read-all';

/** Pages of the log, each as long as it fits. */
export class LogReads {
  /** Expected length of a page: that of the last one. Twice as many events are asked for, so that few are read and dropped. */
  private eventsThatFit = Number.POSITIVE_INFINITY;

  /** @param charactersPerPage Of JSON in the events of one page. */
  constructor(
    private readonly run: RunKernelStatement,
    private readonly charactersPerPage: number,
  ) {}

  async page({ after, limit = 1_000 }: ReadAllOptions): Promise<readonly RecordedEvent[]> {
    const meter = new PageMeter(this.charactersPerPage);
    const rows = await this.run<LogRow>({
      name: 'read-all',
      text: readAll,
      values: [after, Math.min(limit, 10_000, 2 * this.eventsThatFit)],
      rowMode: 'array',
      types: meter,
    });
    this.eventsThatFit = meter.eventsThatFit ?? this.eventsThatFit;
    return meter.kept(rows).map(eventOfLog);
  }
}
