import { EventClass } from '../domain';
import { EventRegistrationError, EventRegistry } from '../event-store/event-registry';

/**
 * An event reaches the method that names its very class. A subscriber that names a class of events and not those that extend it
 * would pass over the latter in silence, so it has to name each.
 * @throws EventRegistrationError
 */
export function checkEventSubclasses(
  registry: EventRegistry,
  subscriber: { readonly name: string; readonly events: readonly EventClass[]; readonly kind: string },
): void {
  const named = new Set(subscriber.events);
  for (const event of registry.all()) {
    const parent = named.has(event)
      ? undefined
      : subscriber.events.find((each) => event.prototype instanceof each);
    if (!parent) continue;
    throw new EventRegistrationError(
      subscriber.kind === 'projector'
        ? `${subscriber.name} has a method for ${parent.name}, and none for ${event.name}, which extends it: it would never get ` +
            `a stored ${event.name}. Add a method with @On(${event.name}), empty where the event changes no row.`
        : `${subscriber.name} names ${parent.name}, and not ${event.name}, which extends it: it would never get a stored ` +
            `${event.name}. Name it too: @DurableEventsHandler('…', ${parent.name}, ${event.name}).`,
    );
  }
}
