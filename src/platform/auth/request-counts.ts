import type { ThrottlerStorage } from '@nestjs/throttler';

type Counted = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** Parts of a window. A part that the window has half left still counts in full. */
const partsOfWindow = 10;

/**
 * The requests of each caller in the current window, and the callers that have to wait. No window has more than the limit, and to count one
 * request costs the same whatever the limit: the storage that comes with the throttler keeps the time of every request, and
 * goes through all of them at the next.
 */
export class RequestCounts implements ThrottlerStorage {
  private readonly counts = new Map<string, RequestCount>();
  private sweepAt = 0;

  /** @param now Milliseconds of a clock that is never set back. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** A caller over the limit waits for `blockMs`. Nothing is counted meanwhile, and the count starts at 0 after it. */
  increment(
    ...[key, windowMs, limit, blockMs, throttler]: Parameters<ThrottlerStorage['increment']>
  ): Promise<Counted> {
    const now = this.now();
    this.sweep(now, windowMs);
    const count = this.countOf(`${throttler} ${key}`, windowMs / partsOfWindow);
    if (!count.isBlocked(now) && count.add(now) > limit) count.blockUntil(now + blockMs);
    return Promise.resolve({
      totalHits: count.total,
      timeToExpire: Math.ceil(windowMs / 1_000),
      isBlocked: count.isBlocked(now),
      timeToBlockExpire: count.secondsBlocked(now),
    });
  }

  /** Whether the caller has to wait. Counts nothing. */
  isBlocked(key: string, throttler = 'default'): boolean {
    return this.counts.get(`${throttler} ${key}`)?.isBlocked(this.now()) ?? false;
  }

  private countOf(key: string, partMs: number): RequestCount {
    let count = this.counts.get(key);
    if (!count) this.counts.set(key, (count = new RequestCount(partMs)));
    return count;
  }

  /** Once in a window: callers who have left are forgotten. */
  private sweep(now: number, windowMs: number): void {
    if (now < this.sweepAt) return;
    this.sweepAt = now + windowMs;
    for (const [key, count] of this.counts) if (count.isOver(now)) this.counts.delete(key);
  }
}

/** Of one caller. */
class RequestCount {
  /** The parts of the window, and the one that has just begun, in a ring. */
  private readonly parts = new Array<number>(partsOfWindow + 1).fill(0);
  private latest = 0;
  private blockedUntil = 0;
  total = 0;

  constructor(private readonly partMs: number) {}

  /** Returns the total, this one included. */
  add(now: number): number {
    if (this.blockedUntil > 0) this.beginAnew();
    this.moveTo(Math.floor(now / this.partMs));
    this.parts[this.latest % this.parts.length]! += 1;
    return ++this.total;
  }

  blockUntil(time: number): void {
    this.blockedUntil = time;
  }

  isBlocked(now: number): boolean {
    return now < this.blockedUntil;
  }

  secondsBlocked(now: number): number {
    return Math.ceil(Math.max(0, this.blockedUntil - now) / 1_000);
  }

  /** True when nothing of it counts any more. */
  isOver(now: number): boolean {
    return !this.isBlocked(now) && Math.floor(now / this.partMs) - this.latest >= this.parts.length;
  }

  private beginAnew(): void {
    this.blockedUntil = 0;
    this.parts.fill(0);
    this.total = 0;
  }

  private moveTo(part: number): void {
    const steps = Math.min(part - this.latest, this.parts.length);
    for (let step = 0; step < steps; step++) {
      const index = (part - step) % this.parts.length;
      this.total -= this.parts[index]!;
      this.parts[index] = 0;
    }
    this.latest = part;
  }
}
