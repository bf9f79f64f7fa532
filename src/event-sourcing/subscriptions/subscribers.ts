import { DiscoveryService } from '@nestjs/core';
import { EventRegistrationError, EventRegistry } from '../event-store/event-registry';
import { Projections } from '../projections/projections';
import { durableHandlerDefinition, IDurableEventsHandler } from './durable-events-handler';
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

  /** @throws EventRegistrationError for a name that two of them have, or a durable handler without events. */
  all(): readonly Subscriber[] {
    if (this.found) return this.found;
    const subscribers = [...this.projections.all(), ...this.handlers()];
    const names = new Set<string>();
    for (const { name } of subscribers) {
      if (names.has(name)) {
        throw new EventRegistrationError(
          `Two subscriptions are named "${name}", and would move one checkpoint. Rename one.`,
        );
      }
      names.add(name);
    }
    this.found = subscribers;
    return subscribers;
  }

  /** @throws Error naming the subscriptions that there are. */
  get(name: string): Subscriber {
    const subscriber = this.all().find((one) => one.name === name);
    if (subscriber) return subscriber;
    throw new UnknownSubscriptionError(
      name,
      this.all().map((one) => one.name),
    );
  }

  private handlers(): DurableHandler[] {
    return this.discovery.getProviders().flatMap(({ metatype, instance }) => {
      const definition = typeof metatype === 'function' ? durableHandlerDefinition(metatype) : undefined;
      if (!definition || !instance) return [];
      if (definition.events.length === 0) {
        throw new EventRegistrationError(
          `${metatype?.name} handles no event. Name them: @DurableEventsHandler('${definition.name}', UserCreated).`,
        );
      }
      definition.events.forEach((event) => this.registry.register(event));
      return [new DurableHandler(definition, instance as IDurableEventsHandler, this.registry)];
    });
  }
}

/** There is no subscription of this name. */
export class UnknownSubscriptionError extends Error {
  constructor(name: string, known: readonly string[]) {
    super(`There is no subscription "${name}". There are: ${known.join(', ') || 'none'}.`);
    this.name = 'UnknownSubscriptionError';
  }
}
