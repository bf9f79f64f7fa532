/**
 * How many events may share a transaction, as experience tells: one whose transaction was lost (idle for too long, lease gone,
 * connection gone) is followed by one with half as many; one that succeeds, by one with twice as many.
 */
export class PartSize {
  private limit = Number.POSITIVE_INFINITY;

  get most(): number {
    return this.limit;
  }

  lost(events: number): void {
    this.limit = Math.max(1, Math.min(this.limit, events) >> 1);
  }

  succeeded(): void {
    this.limit *= 2;
  }
}
