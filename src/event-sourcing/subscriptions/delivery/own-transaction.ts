import type { PoolClient } from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { EventSourcingError } from '../../domain';
import { unlessAborted } from './end-in-time';
import { eventInHand, never, reportLate } from './event-in-hand';

/** The transaction ended with its connection. That says nothing about the event that was in hand. */
export class TransactionLostError extends EventSourcingError {
  readonly code = 'transaction.lost';
  readonly kind = 'unavailable';

  constructor(cause: unknown) {
    super('The connection of the transaction was lost.', { cause });
  }
}

/** A handler has returned while a transaction that it began inside of ours is open. */
class NestedTransactionOpenError extends EventSourcingError {
  readonly code = 'transaction.nested-open';
  readonly kind = 'defect';

  constructor() {
    super('The handler has returned before its nested transaction ended. Await manager.transaction(…).');
  }
}

/**
 * How long a transaction of a process that lives is idle, in milliseconds, before a statement shows that it lives. The server
 * ends idle transactions (`idle_in_transaction_session_timeout`), so that a frozen process does not hold its locks for long.
 */
const quietMs = 300;

/** How often to look, in milliseconds. */
const beatMs = 150;

const guarded = ['query', 'stream', 'startTransaction', 'commitTransaction', 'rollbackTransaction'] as const;

type Send = (...given: unknown[]) => Promise<unknown>;

export interface OwnTransactionOf {
  /** Names it in the log. */
  readonly name: string;
  /** Fires when nobody waits for it any more. */
  readonly givenUp?: AbortSignal;
}

/**
 * Runs `work` in a transaction that the caller owns: it is known whether its connection was lost, it does not become idle
 * while `work` waits for others, and code that uses its manager when its event is done is refused. When it is given up, its
 * connection is cut, whatever `work` waits for.
 * @throws TransactionLostError with the failure as its cause, when the connection was lost; else what `work` throws.
 */
export async function inOwnTransaction<R>(
  dataSource: DataSource,
  { name, givenUp = new AbortController().signal }: OwnTransactionOf,
  work: (manager: EntityManager) => Promise<R>,
): Promise<R> {
  givenUp.throwIfAborted();
  const runner = dataSource.createQueryRunner('master');
  const statements = new OwnStatements(runner, name);
  const beats = setInterval(() => statements.beat(), beatMs);
  const cut = (): void => void cutConnection(runner);
  givenUp.addEventListener('abort', cut);
  try {
    await runner.startTransaction();
    const result = await unlessAborted(givenUp, work(runner.manager));
    if (statements.depth !== 1) throw new NestedTransactionOpenError();
    await runner.commitTransaction();
    return result;
  } catch (error) {
    throw (await rolledBack(runner)) ? error : new TransactionLostError(error);
  } finally {
    clearInterval(beats);
    givenUp.removeEventListener('abort', cut);
    statements.end();
    await runner.release();
  }
}

/** Its statement, which may wait for a lock without end, fails at once; the server rolls back when it notices. */
async function cutConnection(runner: QueryRunner): Promise<void> {
  const client = (await runner.connect()) as PoolClient;
  client.connection.stream.destroy();
}

/** Whether the connection lives: one that was lost cannot roll back. */
async function rolledBack(runner: QueryRunner): Promise<boolean> {
  try {
    while (runner.isTransactionActive && !runner.isReleased) await runner.rollbackTransaction();
    return !runner.isReleased;
  } catch {
    return false;
  }
}

/** Stands between the manager of a transaction and its connection. */
class OwnStatements {
  /** 1 for our transaction, and 1 more for each nested one that is open. */
  depth = 0;
  private isEnded = false;
  private inFlight = 0;
  private quietSince = performance.now();
  private beating: Promise<unknown> | undefined;
  private readonly ask: Send;

  constructor(
    runner: QueryRunner,
    private readonly of: string,
  ) {
    this.ask = runner.query.bind(runner) as Send;
    for (const name of guarded) {
      const send = runner[name].bind(runner) as Send;
      const weight = name === 'startTransaction' ? 1 : name.endsWith('Transaction') ? -1 : 0;
      Object.assign(runner, { [name]: (...given: unknown[]) => this.guard(() => send(...given), weight) });
    }
    this.hideRelease(runner);
  }

  /** The transaction is over: nothing goes through its manager any more. */
  end(): void {
    this.isEnded = true;
  }

  /** Asks something when nothing was asked for a while. */
  beat(): void {
    if (this.isEnded || this.inFlight > 0 || performance.now() - this.quietSince < quietMs) return;
    const asked = this.track(this.ask('SELECT 1'));
    this.beating = asked.catch(() => undefined).finally(() => (this.beating = undefined));
  }

  private async guard(send: () => Promise<unknown>, weight: number): Promise<unknown> {
    const hand = eventInHand();
    if (this.isLate()) return hand ? hand.refuse() : this.refuse();
    this.depth += weight;
    // The driver takes one statement at a time.
    const sent = this.track(this.beating ? this.beating.then(send) : send());
    return hand ? hand.watch(sent) : sent;
  }

  private track(sent: Promise<unknown>): Promise<unknown> {
    this.inFlight++;
    return sent.finally(() => {
      this.inFlight--;
      this.quietSince = performance.now();
    });
  }

  /** Code of an event that is done; or code of no event, when the transaction is over. */
  private isLate(): boolean {
    return eventInHand()?.isDone ?? this.isEnded;
  }

  private refuse(): Promise<never> {
    reportLate(this.of);
    return never();
  }

  /** TypeORM looks whether the runner is released before it asks it: late code must come as far as `guard`. */
  private hideRelease(runner: QueryRunner): void {
    let isReleased = false;
    Object.defineProperty(runner, 'isReleased', {
      get: () => isReleased && !this.isLate(),
      set: (value: boolean) => (isReleased = value),
    });
  }
}
