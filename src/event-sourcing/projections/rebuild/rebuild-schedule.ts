/** How often the copies are compared with the live tables while the shadow tables are filled, in milliseconds. */
const compareMs = 5_000;

/** Longest pause between two tries to swap, in milliseconds. */
const longestPauseMs = 10_000;

/** When a process looks after one rebuild again. */
export class RebuildSchedule {
  private pauses = 0;
  private pausesUntil = 0;
  private comparesFrom = 0;

  /** `firstPauseMs` is doubled with each pause. */
  constructor(private readonly firstPauseMs: number) {}

  isPausing(): boolean {
    return performance.now() < this.pausesUntil;
  }

  pause(): void {
    const pause = Math.min(longestPauseMs, this.firstPauseMs * 2 ** this.pauses);
    this.pauses++;
    this.pausesUntil = performance.now() + pause;
  }

  /** True once in a while. */
  isTimeToCompare(): boolean {
    const now = performance.now();
    if (now < this.comparesFrom) return false;
    this.comparesFrom = now + compareMs;
    return true;
  }
}
