import { LeaseConnection } from './lease-connection';
import { RefusedRow, TakenRow, takeLeases } from './lease-statements';
import { Subscriber } from '../subscriber';

export type Outcome = TakenRow | RefusedRow;

interface Wish {
  readonly subscriber: Subscriber;
  readonly resolve: (outcome: Outcome | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Takes leases in rounds: one statement for everything that this process waits for, so that a process in reserve asks as
 * little for a hundred subscriptions as for one. A round comes at once when the last one is `roundMs` ago.
 */
export class LeaseRounds {
  private wishes: Wish[] = [];
  private nextAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly connection: LeaseConnection,
    private readonly owner: string,
    private readonly leaseSeconds: number,
    private readonly roundMs: number,
  ) {}

  /** What the next round says of this segment; undefined when its lease is another's. */
  join(subscriber: Subscriber): Promise<Outcome | undefined> {
    return new Promise((resolve, reject) => {
      this.wishes.push({ subscriber, resolve, reject });
      if (this.wishes.length === 1) setTimeout(() => void this.round(), this.nextAt - performance.now());
    });
  }

  private async round(): Promise<void> {
    const { wishes } = this;
    this.wishes = [];
    this.nextAt = performance.now() + this.roundMs;
    try {
      const outcomes = await this.ask(wishes.map(({ subscriber }) => subscriber));
      for (const { subscriber, resolve } of wishes) resolve(outcomes.get(keyOf(subscriber)));
    } catch (error) {
      for (const { reject } of wishes) reject(error);
    }
  }

  private async ask(wanted: readonly Subscriber[]): Promise<ReadonlyMap<string, Outcome>> {
    const rows = await this.connection.query<Outcome>('take-leases', takeLeases, [
      wanted.map(({ name }) => name),
      wanted.map(({ segment }) => segment.index),
      wanted.map(({ segment }) => segment.count),
      wanted.map(({ version }) => version),
      this.owner,
      this.leaseSeconds,
    ]);
    return new Map(rows.map((row) => [keyOf({ name: row.name, segment: { index: row.segment } }), row]));
  }
}

function keyOf({
  name,
  segment,
}: {
  readonly name: string;
  readonly segment: { readonly index: number };
}): string {
  return `${name} ${segment.index}`;
}
