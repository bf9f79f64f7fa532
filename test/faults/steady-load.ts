import { setTimeout as delay } from 'node:timers/promises';

/** How often to look what is due, in milliseconds. */
const lapMs = 100;

/**
 * Appends one event at a time, many at once, so often a second. What was late is made up for, so that the rate holds on
 * average for as long as the database can follow.
 */
export class SteadyLoad {
  private readonly started = performance.now();
  private isOver = false;
  private count = 0;
  private elapsed = 0;
  private readonly running: Promise<void>;

  constructor(
    private readonly append: () => Promise<unknown>,
    private readonly perSecond: number,
  ) {
    this.running = this.run();
  }

  /** How many appends were acknowledged. */
  get appended(): number {
    return this.count;
  }

  /** From the start until the last append was acknowledged, in milliseconds. */
  get ms(): number {
    return Math.round(this.elapsed);
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      const due = ((performance.now() - this.started) / 1_000) * this.perSecond - this.count;
      await Promise.all(Array.from({ length: Math.max(0, Math.floor(due)) }, () => this.appendOne()));
      this.elapsed = performance.now() - this.started;
      await delay(lapMs);
    }
  }

  private async appendOne(): Promise<void> {
    await this.append();
    this.count++;
  }
}
