import { setImmediate as nextTurn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { describeThrown, memberOfThrown } from '../../describe-thrown';
import { eventFailure, handlingEvent } from '../diagnostics';
import { RecordedEvent } from '../../event-store/event-envelope';
import { MessageContext, runInMessageContext } from '../../messaging/message-context';
import { EventInHand } from './event-in-hand';
import { categoryOf } from '../parked/failure-category';
import { retryDelay, withTimeout } from '../failures';
import { Failure } from '../parked/parked-events';
import { originOf, Subscriber, Work } from '../subscriber';
import { SubscriptionSettings } from '../subscription-settings';

/** How long events are handled in one turn of the event loop, in milliseconds: leases are to be renewed, and a stop heard. */
const turnMs = 20;

/** Stored where the database refuses the text of a failure. */
const unstorable =
  'The text of this failure cannot be stored in this database. The log of the process has it.';

export interface FailedEvent {
  readonly event: RecordedEvent;
  /** How often it has failed, this time included. */
  readonly attempts: number;
  readonly cause: unknown;
  /** Whether it is tried on after its last try, because the cause is probably not its own. */
  readonly isSpared: boolean;
}

/** Gives events to a subscriber, and records how they fail. */
export class EventHandling {
  private readonly logger = new Logger(EventHandling.name);
  private turnBegan = performance.now();

  constructor(
    private readonly subscriber: Subscriber,
    private readonly settings: SubscriptionSettings,
  ) {}

  /** Handles the events one after the other, in the transaction of `manager`. */
  async handle(events: Iterable<RecordedEvent>, manager: EntityManager): Promise<void> {
    const { name } = this.subscriber;
    this.turnBegan = performance.now();
    await this.subscriber.handle(events, manager, (event, work) =>
      this.inTurn(event, () => runInMessageContext(contextOf(event, name, manager), work)),
    );
  }

  /** Once the failure is stored. */
  publishFailure(attempt: number, { retryInMs }: Failure): void {
    eventFailure.publish({ ...originOf(this.subscriber), attempt, isParked: retryInMs === undefined });
  }

  /** What comes next for an event that failed. */
  failure({ event, attempts, cause, isSpared }: FailedEvent): Failure {
    const { message: error, stack } = describeThrown(cause);
    const category = categoryOf(cause);
    const spared = isSpared ? this.settings.maxRetryDelayMs : undefined;
    const retryInMs = retryDelay(attempts, this.settings) ?? spared;
    const next = retryInMs === undefined ? 'parked' : `next try in ${Math.round(retryInMs)} ms`;
    this.logger.error(
      `"${this.subscriber.name}" failed at position ${event.position} (try ${attempts}, ${next}): ${error}`,
      stack,
    );
    return { error, stack, category, retryInMs };
  }

  private inTurn(event: RecordedEvent, work: () => Work): Work {
    if (performance.now() - this.turnBegan < turnMs) return this.inTime(event, work);
    return nextTurn().then(() => {
      this.turnBegan = performance.now();
      return this.inTime(event, work);
    });
  }

  private inTime(event: RecordedEvent, work: () => Work): Work {
    const { name, kind } = this.subscriber;
    const hand = new EventInHand(name, event.position);
    const doing = hand.run(() => handlingEvent.run({ subscription: name, kind, event }, work));
    return doing && withTimeout(doing, name, this.settings.handlerTimeoutMs).finally(() => hand.giveUp());
  }
}

/** Stores a failure; where the database refuses its text (class 22 of the SQLSTATEs), a fixed one in its place. */
export async function storeFailure(
  failure: Failure,
  store: (failure: Failure) => Promise<void>,
): Promise<void> {
  try {
    await store(failure);
  } catch (error) {
    if (!String(memberOfThrown(error, 'code')).startsWith('22')) throw error;
    await store({ ...failure, error: unstorable, stack: undefined });
  }
}

/** All that is done in one transaction is one scope. */
function contextOf({ id, position, metadata }: RecordedEvent, name: string, scope: object): MessageContext {
  const { correlationId, actor } = metadata;
  const work = [(): string => `"${name}" at position ${position}`];
  return { correlationId, causationId: id, actor, work, scope };
}
