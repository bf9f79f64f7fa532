import { Position } from '../../event-store/event-envelope';
import { AppendSignal, SeenAppends } from '../../event-store/progress-signal';
import { WantedReadModels } from './wanted-read-models';

/** What decides when a reader of the log reads its next page. */
export interface RhythmOf {
  readonly appended: AppendSignal;
  readonly wanted: WantedReadModels;
  /** How often to read when nothing tells of an append, in milliseconds. */
  readonly pollMs: number;
  /** How long a page that follows another closely may wait for more events, in milliseconds. */
  readonly companyMs: number;
}

/** A page that was read and handled. */
export interface HandledPage {
  readonly events: number;
  /** Where the reader is now. */
  readonly position: Position;
  /** What was known of appends before the page was read. */
  readonly seen: SeenAppends;
}

/**
 * When one reader of the log reads its next page. Behind the last append that it knows of, it reads when it hears of another, or
 * at the next poll. A page that follows another one closely waits for company, unless somebody waits for the read model: each
 * page costs a transaction, however few its events.
 */
export class PageRhythm {
  private readAt = Number.NEGATIVE_INFINITY;

  /** `name`: of the subscription. `fullPage`: the number of events behind which there may be more at once. */
  constructor(
    private readonly name: string,
    private readonly fullPage: number,
    private readonly of: RhythmOf,
  ) {}

  /** Before a page is read. */
  async company(stop: AbortSignal): Promise<void> {
    const { companyMs, wanted } = this.of;
    const now = performance.now();
    if (now - this.readAt < companyMs) await wanted.wait(this.name, untilNext(companyMs, now), stop);
  }

  /** After it was handled: resolves when there may be another. */
  async next({ events, position, seen }: HandledPage, readAt: number, stop: AbortSignal): Promise<void> {
    const { appended, pollMs } = this.of;
    this.readAt = events > 0 && events < this.fullPage ? readAt : Number.NEGATIVE_INFINITY;
    const ms = untilNext(pollMs, performance.now());
    if (events === 0) await appended.wait(seen.moves, ms, stop);
    else await appended.waitBehind(position, seen, ms, stop);
  }
}

/** All readers of a process read at the same moments, so that they share what they read. In milliseconds. */
function untilNext(everyMs: number, now: number): number {
  return Math.ceil(everyMs - (now % everyMs));
}
