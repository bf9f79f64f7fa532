import { Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { eventFailure, handlingEvent } from '../diagnostics';
import { RecordedEvent } from '../event-store/event-envelope';
import { MessageContext, runInMessageContext } from '../messaging/message-context';
import { retryDelay, withTimeout } from './failures';
import { Failure } from './parked-events';
import { originOf, Subscriber, Work } from './subscriber';
import { SubscriptionSettings } from './subscription-settings';

/** Gives events to a subscriber, and judges what a failure means. */
export class EventHandling {
  private readonly logger = new Logger(EventHandling.name);

  constructor(
    private readonly subscriber: Subscriber,
    private readonly settings: SubscriptionSettings,
  ) {}

  /** Handles the events one after the other, in the transaction of `manager`. */
  async handle(events: readonly RecordedEvent[], manager: EntityManager): Promise<void> {
    if (events.length === 0) return;
    const { handlerTimeoutMs } = this.settings;
    await this.subscriber.prepare(manager, handlerTimeoutMs);
    const { name, kind } = this.subscriber;
    await this.subscriber.handle(events, manager, (event, work) => {
      const inContext = (): Work => runInMessageContext(contextOf(event, name, manager), work);
      const doing = handlingEvent.run({ subscription: name, kind, event }, inContext);
      return doing && withTimeout(doing, name, handlerTimeoutMs);
    });
  }

  /** Once the failure is stored. */
  publishFailure(attempt: number, { retryInMs }: Failure): void {
    eventFailure.publish({ ...originOf(this.subscriber), attempt, isParked: retryInMs === undefined });
  }

  /** What comes next for an event that failed for the `attempts`th time. */
  failure(event: RecordedEvent, attempts: number, cause: unknown): Failure {
    const { message: error, stack } = cause instanceof Error ? cause : new Error(String(cause));
    const retryInMs = retryDelay(attempts, this.settings);
    const next = retryInMs === undefined ? 'parked' : `next try in ${Math.round(retryInMs)} ms`;
    this.logger.error(
      `"${this.subscriber.name}" failed at position ${event.position} (try ${attempts}, ${next}): ${error}`,
      stack,
    );
    return { error, stack, retryInMs };
  }
}

/** All that is done in one transaction is one scope. */
function contextOf({ id, position, metadata }: RecordedEvent, name: string, scope: object): MessageContext {
  const { correlationId, actor } = metadata;
  const work = [(): string => `"${name}" at position ${position}`];
  return { correlationId, causationId: id, actor, work, scope };
}
