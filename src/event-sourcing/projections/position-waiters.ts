import type { Position } from '../event-store/event-envelope';

interface Waiter {
  readonly resolve: (isReached: boolean) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Those who wait for positions of one projection. A move costs as much as it sets free, however many wait for later ones. */
export class PositionWaiters {
  private readonly waiting = new Map<Position, Set<Waiter>>();
  /** The keys of `waiting`, the least last. */
  private readonly positions: Position[] = [];

  get isEmpty(): boolean {
    return this.positions.length === 0;
  }

  /** True when the position was reached, false when it was not within `timeoutMs`. @throws the error of `fail`. */
  wait(position: Position, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.leave(position, waiter);
        resolve(false);
      }, timeoutMs);
      const waiter: Waiter = { resolve, reject, timer };
      this.enter(position, waiter);
    });
  }

  reached(position: Position): void {
    for (
      let least = this.positions.at(-1);
      least !== undefined && least <= position;
      least = this.positions.at(-1)
    )
      this.settle(({ resolve }) => resolve(true));
  }

  fail(error: Error): void {
    while (!this.isEmpty) this.settle(({ reject }) => reject(error));
  }

  /** Ends the wait for the least position. */
  private settle(end: (waiter: Waiter) => void): void {
    const least = this.positions.pop() as Position;
    const waiters = this.waiting.get(least) ?? [];
    this.waiting.delete(least);
    for (const waiter of waiters) {
      clearTimeout(waiter.timer);
      end(waiter);
    }
  }

  private enter(position: Position, waiter: Waiter): void {
    const others = this.waiting.get(position);
    if (others !== undefined) {
      others.add(waiter);
      return;
    }
    this.waiting.set(position, new Set([waiter]));
    this.positions.splice(this.placeOf(position), 0, position);
  }

  private leave(position: Position, waiter: Waiter): void {
    const others = this.waiting.get(position);
    others?.delete(waiter);
    if (others?.size !== 0) return;
    this.waiting.delete(position);
    this.positions.splice(this.placeOf(position), 1);
  }

  /** Where the position stands in the list, or is to stand. */
  private placeOf(position: Position): number {
    let from = 0;
    let to = this.positions.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.positions[middle] as Position) > position) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
