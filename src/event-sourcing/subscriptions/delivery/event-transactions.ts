import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { inOwnTransaction } from './own-transaction';
import { causeOf, whoseFault } from './whose-fault';

/** What became of a transaction: its result, or the failure that its events have to answer for. */
export type Outcome<R> =
  | { readonly result: R }
  /** `isOfMoment`: the transaction was lost or rolled back for the sake of others. */
  | { readonly fault: unknown; readonly isOfMoment: boolean };

export interface TransactionOf {
  /** Names it in the log. */
  readonly name: string;
  /** It handles one event at most, so that there is nothing to be halved. */
  readonly isAlone: boolean;
}

/** How often one event alone is tried at once where the transaction was at fault; after that it counts as the event's fault. */
const triesAtOnce = 4;

/** Pause before the second of them, in milliseconds; doubled for each further one. */
const pauseMs = 50;

/** Runs the transactions in which events are handled, and judges how they fail. */
export class EventTransactions {
  /** When `givenUp` fires, its loop has left: what is under way ends, and nothing more is begun. */
  constructor(
    private readonly dataSource: DataSource,
    private readonly givenUp?: AbortSignal,
  ) {}

  /** @throws what is the fault of no event: then the subscription waits as a whole, and nothing may be set aside. */
  async run<R>(
    { name, isAlone }: TransactionOf,
    work: (manager: EntityManager) => Promise<R>,
  ): Promise<Outcome<R>> {
    for (let tries = 1; ; tries++) {
      const outcome = await this.tryOnce(name, isAlone, work);
      const isFinal = 'result' in outcome || !outcome.isOfMoment;
      if (isFinal || !isAlone || tries === triesAtOnce) return outcome;
      await delay(pauseMs * 2 ** (tries - 1) * (0.5 + Math.random() / 2));
    }
  }

  /** Runs a transaction that handles no event. */
  store<R>(name: string, work: (manager: EntityManager) => Promise<R>): Promise<R> {
    return inOwnTransaction(this.dataSource, { name, givenUp: this.givenUp }, work);
  }

  /** Runs one statement that is a transaction of its own. */
  statement<R>(work: (manager: EntityManager) => Promise<R>): Promise<R> {
    this.givenUp?.throwIfAborted();
    return work(this.dataSource.manager);
  }

  private async tryOnce<R>(
    name: string,
    isAlone: boolean,
    work: (manager: EntityManager) => Promise<R>,
  ): Promise<Outcome<R>> {
    try {
      return { result: await this.store(name, work) };
    } catch (error) {
      this.givenUp?.throwIfAborted();
      const fault = await whoseFault(error, this.dataSource);
      if (fault === 'subscription' || (fault === 'program' && isAlone)) throw causeOf(error);
      return { fault: causeOf(error), isOfMoment: fault === 'transaction' };
    }
  }
}
