import { Position } from '../event-store/event-envelope';

/** When a head of the log was seen, by the clock of this process, in milliseconds. */
interface SeenHead {
  readonly head: Position;
  /** It was there by then. */
  readonly firstAt: number;
  /** It was still the head then. */
  readonly lastAt: number;
}

/** Heads that are remembered. Beyond that some are forgotten: the older they are, the more. */
const remembered = 1_000;

/** Two heads that are remembered are at least so far apart, as a part of their age. */
const apart = 0.02;

/**
 * How old events are. Their stamps are of the clock of the server that stored them, which another server may have replaced
 * since; so this process notes when it saw the log grow, by a clock that never jumps, and believes no stamp that
 * says otherwise.
 */
export class LogAges {
  private seen: SeenHead[] = [];

  /** The head, as read between two times in milliseconds. */
  observe(head: Position, began: number, ended: number): void {
    const last = this.seen.at(-1);
    // A log that was restored to an earlier state is another log.
    if (last && head < last.head) this.seen = [];
    if (last?.head === head) this.seen[this.seen.length - 1] = { ...last, lastAt: began };
    else this.seen.push({ head, firstAt: ended, lastAt: began });
    if (this.seen.length > remembered) this.thinOut(ended);
  }

  /** Age of the event at a position, in seconds at the time `now`. `stamped`: what its stamp says. */
  age(position: Position, stamped: number, now: number): number {
    const since = this.seen.find(({ head }) => head >= position);
    const before = this.seen.findLast(({ head }) => head < position);
    const least = since ? (now - since.firstAt) / 1_000 : 0;
    const most = before ? (now - before.lastAt) / 1_000 : Number.POSITIVE_INFINITY;
    return Math.max(0, least, Math.min(stamped, most));
  }

  private thinOut(now: number): void {
    let keptAt = Number.NEGATIVE_INFINITY;
    this.seen = this.seen.filter(({ firstAt }) => {
      if (firstAt - keptAt < apart * (now - firstAt)) return false;
      keptAt = firstAt;
      return true;
    });
  }
}
