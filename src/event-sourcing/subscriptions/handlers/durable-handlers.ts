import { Injectable } from '@nestjs/common';
import { EventClass } from '../../domain';
import { EventRegistrationError, EventRegistry } from '../../event-store/event-registry';
import {
  durableHandlerDefinition,
  DurableHandlerDefinition,
  IDurableEventsHandler,
} from './durable-events-handler';
import { DurableHandler } from './durable-handler';

/** The durable handlers of the application. */
@Injectable()
export class DurableHandlers {
  private readonly handlers: DurableHandler[] = [];

  constructor(private readonly registry: EventRegistry) {}

  /**
   * `handlerClass` has the decorator; `handler` may be an instance of another class that has `handle`, too.
   * @throws EventRegistrationError for an undecorated handler, one without events, or with a wrong option.
   */
  register(handler: object, handlerClass = handler.constructor as EventClass): void {
    const definition = durableHandlerDefinition(handlerClass);
    if (!definition) {
      throw new EventRegistrationError(
        `${handlerClass.name} is no durable handler. Decorate it: @DurableEventsHandler('name', UserCreated).`,
      );
    }
    checkDefinition(definition, handlerClass.name);
    if (!canHandle(handler)) {
      throw new EventRegistrationError(
        `What is provided as ${handlerClass.name} has no method handle. Provide an object that has it.`,
      );
    }
    for (const event of definition.events) this.registry.register(event);
    this.handlers.push(new DurableHandler(definition, handler, this.registry));
  }

  all(): readonly DurableHandler[] {
    return this.handlers;
  }
}

function canHandle(handler: object): handler is IDurableEventsHandler {
  return typeof (handler as Partial<IDurableEventsHandler>).handle === 'function';
}

function checkDefinition(
  { name, events, eventsPerTransaction = 1 }: DurableHandlerDefinition,
  of: string,
): void {
  if (events.length === 0) {
    throw new EventRegistrationError(
      `${of} handles no event. Name them: @DurableEventsHandler('${name}', UserCreated).`,
    );
  }
  if (!Number.isInteger(eventsPerTransaction) || eventsPerTransaction < 1) {
    throw new EventRegistrationError(
      `${of} has ${eventsPerTransaction} eventsPerTransaction. Use 1, 2, 3 …, or leave it out for 1.`,
    );
  }
}
