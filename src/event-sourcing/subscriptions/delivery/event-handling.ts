import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import { handlingEvent } from '../diagnostics';
import { RecordedEvent } from '../../event-store/event-envelope';
import { MessageContext, runInMessageContext } from '../../messaging/message-context';
import { EventInHand } from './event-in-hand';
import { withTimeout } from '../failures';
import { Subscriber, Work } from '../subscriber';
import { SubscriptionSettings } from '../subscription-settings';

/** How long events are handled in one turn of the event loop, in milliseconds: leases are to be renewed, and a stop heard. */
const turnMs = 20;

/** Gives events to a subscriber, each in its message context and for a bounded time. */
export class EventHandling {
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

/** All that is done in one transaction is one scope. */
function contextOf({ id, position, metadata }: RecordedEvent, name: string, scope: object): MessageContext {
  const { correlationId, actor } = metadata;
  const work = [(): string => `"${name}" at position ${position}`];
  return { correlationId, causationId: id, actor, work, scope };
}
