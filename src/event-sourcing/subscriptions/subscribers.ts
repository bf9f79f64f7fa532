import { DiscoveryService } from '@nestjs/core';
import { EventRegistrationError, EventRegistry } from '../event-store/event-registry';
import { segmentsOf } from '../projections/projection-segment';
import { Projections } from '../projections/projections';
import {
  durableHandlerDefinition,
  DurableHandlerDefinition,
  IDurableEventsHandler,
} from './durable-events-handler';
import { DurableHandler } from './durable-handler';
import { Subscriber } from './subscriber';

/** Everyone who gets the events of the log: the projectors, and the providers that are durable handlers. */
export class Subscribers {
  private found: readonly Subscriber[] | undefined;

  constructor(
    private readonly projections: Projections,
    private readonly registry: EventRegistry,
    private readonly discovery: DiscoveryService,
  ) {}

  /**
   * One for each segment of each subscription.
   * @throws EventRegistrationError for a name that two of them have or that must not be, or a handler without events or with a wrong option.
   */
  all(): readonly Subscriber[] {
    if (this.found) return this.found;
    const handlers = this.handlers();
    checkNames([...this.projections.all(), ...handlers]);
    this.found = [...this.projections.all().flatMap(segmentsOf), ...handlers];
    return this.found;
  }

  names(): readonly string[] {
    return [...new Set(this.all().map((subscriber) => subscriber.name))];
  }

  /** The segments of one subscription. @throws UnknownSubscriptionError */
  get(name: string): readonly Subscriber[] {
    const segments = this.all().filter((subscriber) => subscriber.name === name);
    if (segments.length > 0) return segments;
    throw new UnknownSubscriptionError(name, this.names());
  }

  private handlers(): DurableHandler[] {
    return this.discovery.getProviders().flatMap(({ metatype, instance }) => {
      const definition = typeof metatype === 'function' ? durableHandlerDefinition(metatype) : undefined;
      if (!definition || !instance) return [];
      checkHandler(definition, metatype?.name);
      definition.events.forEach((event) => this.registry.register(event));
      return [new DurableHandler(definition, instance as IDurableEventsHandler, this.registry)];
    });
  }
}

function checkHandler({ name, events, eventsPerTransaction = 1 }: DurableHandlerDefinition, of = ''): void {
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

function checkNames(subscriptions: readonly { readonly name: string }[]): void {
  const names = new Set<string>();
  for (const { name } of subscriptions) {
    if (!/^[\w.:-]{1,100}$/.test(name)) {
      throw new EventRegistrationError(
        `"${name}" cannot name a subscription. Use 1 to 100 letters, digits and . : _ -`,
      );
    }
    if (names.has(name)) {
      throw new EventRegistrationError(
        `Two subscriptions are named "${name}", and would move one checkpoint. Rename one.`,
      );
    }
    names.add(name);
  }
}

/** There is no subscription of this name. */
export class UnknownSubscriptionError extends Error {
  constructor(name: string, known: readonly string[]) {
    super(`There is no subscription "${name}". There are: ${known.join(', ') || 'none'}.`);
    this.name = 'UnknownSubscriptionError';
  }
}
