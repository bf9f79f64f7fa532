import type { Position } from './event-envelope';

/**
 * Tells the waiting parts of this process that something moved, so that they need not sleep until their next poll. A
 * hint: who misses one finds out by polling.
 */
export class ProgressSignal {
  private moves = 0;
  private readonly waiting = new Set<() => void>();

  /** How often it moved. Read it before you look for work, and give it to `wait`. */
  get count(): number {
    return this.moves;
  }

  notify(): void {
    this.moves++;
    for (const wake of [...this.waiting]) wake();
  }

  /** Calls back at the next move, once. */
  onNext(callback: () => void): void {
    const wake = (): void => {
      this.waiting.delete(wake);
      callback();
    };
    this.waiting.add(wake);
  }

  /** Resolves when it has moved since `seen`, after `timeoutMs`, or when `abort` fires; at once if it already has. */
  wait(seen: number, timeoutMs: number, abort?: AbortSignal): Promise<void> {
    if (seen !== this.moves || abort?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        abort?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      this.waiting.add(wake);
      abort?.addEventListener('abort', wake);
    });
  }
}

/** What was known of the appends when somebody looked: give it back when you ask what came since. */
export interface SeenAppends {
  readonly moves: number;
  readonly notices: number;
}

/** Moves when this process has appended to the log, or has heard that another did. */
export class AppendSignal extends ProgressSignal {
  private last: Position = 0n;
  private notices = 0;

  /** Read it before you read the log. */
  get seen(): SeenAppends {
    return { moves: this.count, notices: this.notices };
  }

  /** Something was appended, and how far the log reaches now is not known. */
  override notify(): void {
    this.notices++;
    super.notify();
  }

  /** This process has appended, and its last event is at `position`. */
  appendedUpTo(position: Position): void {
    // A log that was set back, or an answer that came late: only the log knows its end.
    if (position <= this.last) this.notices++;
    this.last = position;
    super.notify();
  }

  /**
   * Whether all that this process knows of is at or before `position`, which is that of its own last append: then there is no
   * reason to read behind it. False while the end is not known.
   */
  endsAt(position: Position, { notices }: SeenAppends): boolean {
    return this.last === position && this.notices === notices;
  }

  /** Resolves when there may be events behind `position`, after `timeoutMs`, or when `abort` fires. */
  async waitBehind(
    position: Position,
    seen: SeenAppends,
    timeoutMs: number,
    abort?: AbortSignal,
  ): Promise<void> {
    const end = performance.now() + timeoutMs;
    for (let left = timeoutMs; left > 0 && this.endsAt(position, seen); left = end - performance.now()) {
      if (abort?.aborted) return;
      await this.wait(this.count, left, abort);
    }
  }
}
