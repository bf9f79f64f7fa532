import { AsyncLocalStorage } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import { Position } from '../../event-store/event-envelope';

const inHand = new AsyncLocalStorage<EventInHand>();
const logger = new Logger('Subscriptions');

/** The event that the running code handles; also in code that a handler has started and not awaited. */
export function eventInHand(): EventInHand | undefined {
  return inHand.getStore();
}

/** One event while a subscriber handles it, and the statements that its code sends through the transaction. */
export class EventInHand {
  private readonly statements = new Set<Promise<unknown>>();
  private hasEnded = false;
  private isReported = false;

  constructor(
    private readonly subscription: string,
    private readonly position: Position,
  ) {}

  /** The handler has returned: what its code still sends is late. */
  get isDone(): boolean {
    return this.hasEnded;
  }

  /**
   * Does the work of the event. Statements that it has sent and not awaited are awaited here, so that their failure is the
   * failure of the event.
   */
  run(work: () => Promise<void> | undefined): Promise<void> | undefined {
    try {
      const doing = inHand.run(this, work);
      if (doing) return this.finish(doing);
    } catch (error) {
      this.hasEnded = true;
      throw error;
    }
    this.hasEnded = true;
    return this.statements.size === 0 ? undefined : this.awaitStatements();
  }

  /** From now on its code is late: it took too long. */
  giveUp(): void {
    this.hasEnded = true;
  }

  /**
   * A statement of the event. When it fails after the handler has returned, nobody in the handler awaits it: an unhandled
   * rejection would end the process, so its promise stays pending, and the event fails in its place.
   */
  async watch<R>(statement: Promise<R>): Promise<R> {
    this.statements.add(statement);
    try {
      return await statement;
    } catch (error) {
      if (this.hasEnded) return await never();
      throw error;
    } finally {
      if (!this.hasEnded) this.statements.delete(statement);
    }
  }

  /** For a statement that came too late. Whoever awaits it waits for good: the event is done, and nobody waits for that code. */
  refuse(): Promise<never> {
    if (!this.isReported) reportLate(`"${this.subscription}" at position ${this.position}`);
    this.isReported = true;
    return never();
  }

  private async finish(doing: Promise<void>): Promise<void> {
    try {
      await doing;
    } finally {
      this.hasEnded = true;
    }
    await this.awaitStatements();
  }

  private async awaitStatements(): Promise<void> {
    await Promise.all(this.statements);
  }
}

/** Says that code of `of` has sent a statement that is not carried out. */
export function reportLate(of: string): void {
  logger.error(
    `${of}: a statement was sent after the event was done, and was not carried out. Await everything that the handler ` +
      'starts, and keep neither its manager nor its rows for later.',
  );
}

export function never(): Promise<never> {
  return new Promise(() => undefined);
}
