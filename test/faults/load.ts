import { Journal } from './journal';
import { until } from './until';
import { Writer } from './writer';

/** Clients that write at the same time, and one journal for all of them. */
export class Load {
  readonly journal = new Journal();
  private readonly writers: readonly Writer[];
  private working: Promise<unknown> = Promise.resolve();
  private isStopping = true;
  private turn = 0;

  constructor(writers = 8) {
    this.writers = Array.from({ length: writers }, (_, index) => new Writer(`w${index}`, this.journal));
  }

  /** Lets them work in the background, on all targets in turn. */
  start(...targets: readonly string[]): void {
    this.isStopping = false;
    const target = () => targets[this.turn++ % targets.length] ?? '';
    this.working = Promise.all(this.writers.map((writer) => writer.work(target, () => this.isStopping)));
  }

  /** Resolves when no request is under way any more. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await this.working;
  }

  /** Stops, and has every command acknowledged that was left open. */
  async settle(target: string): Promise<void> {
    await this.stop();
    await Promise.all(this.writers.map((writer) => writer.settle(target)));
  }

  /** Waits for so many more acknowledgements, and tells how long they took, in milliseconds. */
  async acknowledges(more: number, withinMs?: number): Promise<number> {
    const wanted = this.journal.acknowledged + more;
    return until(`${more} acknowledgements`, () => this.journal.acknowledged >= wanted, withinMs);
  }

  /** Waits for so many more requests that are refused or get no answer. */
  async isRefused(more: number): Promise<void> {
    const wanted = this.journal.unknown + more;
    await until(`${more} refusals`, () => this.journal.unknown >= wanted);
  }
}
