/** Random numbers that come again with the same seed (mulberry32). */
export class Dice {
  private state: number;

  constructor(readonly seed = Number(process.env.FAULT_SEED) || Date.now() % 1_000_000) {
    this.state = seed;
  }

  /** A whole number: `from` or more, and less than `to`. */
  between(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from));
  }

  private next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
