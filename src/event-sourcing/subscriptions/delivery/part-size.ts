/**
 * How many events may share a transaction, as experience tells: one whose transaction was lost (idle for too long, lease gone,
 * connection gone) is followed by one with half as many; one that succeeds, by one with twice as many.
 */
export class PartSize {
  private current = Number.POSITIVE_INFINITY;

  get limit(): number {
    return this.current;
  }

  lost(events: number): void {
    this.current = Math.max(1, Math.min(this.current, events) >> 1);
  }

  succeeded(): void {
    this.current *= 2;
  }
}
