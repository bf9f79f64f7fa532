import { Injectable, OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { CommandBus, EventBus, type IEvent } from '@nestjs/cqrs';
import { messageOfThrown } from '../describe-thrown';
import { Position, RecordedEvent } from '../event-store/event-envelope';
import { EventRegistry } from '../event-store/event-registry';
import { EventStore } from '../event-store/event-store';
import { ApplicationEventBus } from '../messaging/event-bus/application-event-bus';
import { runInMessageContext } from '../messaging/message-context';
import { DurableHandlers } from '../subscriptions/handlers/durable-handlers';
import { noDatabase } from './no-database';
import { WorkUnderWay } from './work-under-way';

/**
 * Hands the events of the log to the event bus and to the durable handlers of the application, when a test asks for it:
 * `await application.get(EventDelivery).settle()`. No clock and no loop is part of it.
 */
@Injectable()
export class EventDelivery implements OnModuleInit {
  private readonly work = new WorkUnderWay();
  private position: Position = 0n;

  constructor(
    private readonly store: EventStore,
    private readonly registry: EventRegistry,
    private readonly discovery: DiscoveryService,
    private readonly handlers: DurableHandlers,
    private readonly eventBus: ApplicationEventBus,
  ) {}

  /** Before the buses get their handlers, which they do when the application has started. */
  onModuleInit(): void {
    for (const { instance } of this.discovery.getProviders() as { readonly instance: unknown }[]) {
      if (instance instanceof EventBus) this.work.watchHandlers(instance as EventBus);
      if (instance instanceof CommandBus) this.work.watchCommands(instance as CommandBus);
    }
  }

  /**
   * Resolves when every event that was appended has been handled, and every event that was appended by that: by the durable
   * handlers, the `@EventsHandler`s and the commands of sagas. What a saga does after a time of its own is not waited for.
   * @throws Error naming the event, when a handler has failed. The handler does not get the event again.
   */
  async settle(): Promise<void> {
    for (let event = await this.next(); event; event = await this.next()) {
      this.position = event.position;
      await this.handOver(event);
      await this.work.ended();
    }
    await this.work.ended();
    if ((await this.next()) !== undefined) await this.settle();
  }

  private async next(): Promise<RecordedEvent | undefined> {
    const [event] = await this.store.readAll({ after: this.position, limit: 1 });
    return event;
  }

  private async handOver(recorded: RecordedEvent): Promise<void> {
    const { correlationId, actor } = recorded.metadata;
    const event: IEvent | undefined = this.registry.decode(recorded);
    if (event === undefined) return;
    runInMessageContext({ correlationId, causationId: recorded.id, actor }, () => {
      this.eventBus.publish(event);
    });
    for (const handler of this.handlers.all()) {
      if (!handler.wants(recorded)) continue;
      try {
        await handler.handle([recorded], noDatabase, (_event, work) => work());
      } catch (error) {
        throw failed(`"${handler.name}"`, recorded, error);
      }
    }
  }
}

function failed(name: string, { position, type }: RecordedEvent, cause: unknown): Error {
  return new Error(`${name} failed on event ${position} (${type}): ${messageOfThrown(cause)}`, { cause });
}
