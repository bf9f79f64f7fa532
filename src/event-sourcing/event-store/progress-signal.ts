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

/** Moves when this process has appended to the log, or has heard that another did. */
export class AppendSignal extends ProgressSignal {}
