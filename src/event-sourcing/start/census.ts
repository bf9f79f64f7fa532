import { DiscoveryService } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { AggregateRoot, EventClass, eventMethods } from '../domain';
import { anotherCopy, isOfAnotherCopy } from '../domain/decorated-classes';
import { EventRegistrationError } from '../event-store/event-registry';
import { projectorDefinition } from '../projections/projector';
import { durableHandlerDefinition } from '../subscriptions/handlers/durable-events-handler';
import { checkScope } from './check-scope';

/** A provider that gets the events of the log. */
export interface FoundSubscriber {
  readonly kind: 'projector' | 'handler';
  /** The class that has the decorator and the methods. */
  readonly of: EventClass;
  readonly instance: object;
  /** The module that provides it. */
  readonly module: string;
}

/** Where `@EventsHandler` of `@nestjs/cqrs` keeps its events; the package does not export it. */
const EVENTS_HANDLER = '__eventsHandler__';

/**
 * The projectors and durable handlers among all providers of the application, however they are provided: as a class, by a
 * factory, as a value, or by another object in their place.
 * @throws EventRegistrationError for a class that would get no event, or not as it should, and for one that is provided twice.
 */
export function findSubscribers(discovery: DiscoveryService): FoundSubscriber[] {
  const found = new Map<object, FoundSubscriber>();
  for (const wrapper of [...discovery.getProviders(), ...discovery.getControllers()]) {
    const subscriber = subscriberOf(wrapper);
    if (subscriber) found.set(subscriber.instance, found.get(subscriber.instance) ?? subscriber);
  }
  checkProvidedOnce([...found.values()]);
  return [...found.values()];
}

function subscriberOf(wrapper: InstanceWrapper): FoundSubscriber | undefined {
  const classes = classesOf(wrapper);
  const of = classes.find((candidate) => kindOf(candidate) !== undefined);
  const kind = of && kindOf(of);
  if (!of || !kind) {
    classes.forEach(checkUndecorated);
    return undefined;
  }
  checkScope(wrapper, of.name);
  const instance: unknown = wrapper.instance;
  if (typeof instance !== 'object' || instance === null) {
    throw new EventRegistrationError(
      `${of.name} is provided as ${String(instance)}. Provide the class itself, or an instance of it.`,
    );
  }
  return { kind, of, instance, module: wrapper.host?.name ?? 'the application' };
}

/** The classes that a provider may be decorated by: of what is provided, of its constructor, and of its token. */
function classesOf({ instance, metatype, isFactory, token }: InstanceWrapper): EventClass[] {
  const of: unknown[] = [
    (instance as object | undefined)?.constructor,
    isFactory ? undefined : metatype,
    token,
  ];
  return [...new Set(of)].filter((candidate): candidate is EventClass => typeof candidate === 'function');
}

function kindOf(candidate: EventClass): FoundSubscriber['kind'] | undefined {
  const isProjector = projectorDefinition(candidate) !== undefined;
  const isHandler = durableHandlerDefinition(candidate) !== undefined;
  if (isHandler) checkHandlerAlone(candidate, isProjector);
  if (isHandler) return 'handler';
  return isProjector ? 'projector' : undefined;
}

/** A durable handler gets events in one way, and is nothing else. */
function checkHandlerAlone(handler: EventClass, isProjector: boolean): void {
  if (isProjector) {
    throw new EventRegistrationError(
      `${handler.name} has both @Projector and @DurableEventsHandler. Make two classes of it: a projector may be run again ` +
        'from the first event, and a durable handler must not.',
    );
  }
  if (Reflect.hasMetadata(EVENTS_HANDLER, handler)) {
    throw new EventRegistrationError(
      `${handler.name} has both @DurableEventsHandler and @EventsHandler, and would get each event twice. Keep one of them.`,
    );
  }
  if (hasEventMethods(handler)) {
    throw new EventRegistrationError(
      `${handler.name} is a durable handler, so nothing calls its @On methods. Name their events in ` +
        '@DurableEventsHandler, and take them in handle(); or make a @Projector of it.',
    );
  }
}

/** A class that looks like a subscriber and is none would be passed over in silence. */
function checkUndecorated(candidate: EventClass): void {
  for (const name of ['Projector', 'DurableEventsHandler'] as const) {
    if (isOfAnotherCopy(candidate, name)) throw new EventRegistrationError(anotherCopy(candidate.name, name));
  }
  if (!hasEventMethods(candidate)) return;
  throw new EventRegistrationError(
    `${candidate.name} has @On methods, but no @Projector, so nothing calls them. Decorate it: ` +
      "@Projector('name', { version: 1, entities: [] }).",
  );
}

function hasEventMethods(candidate: EventClass): boolean {
  if (typeof candidate.prototype !== 'object' || candidate.prototype instanceof AggregateRoot) return false;
  return eventMethods(candidate).size > 0;
}

function checkProvidedOnce(found: readonly FoundSubscriber[]): void {
  const byClass = new Map<EventClass, FoundSubscriber>();
  for (const subscriber of found) {
    const other = byClass.get(subscriber.of);
    if (other) {
      throw new EventRegistrationError(
        `${subscriber.of.name} is provided twice, by ${other.module} and by ${subscriber.module}, and each would move the same ` +
          'checkpoint. Provide it in one of them.',
      );
    }
    byClass.set(subscriber.of, subscriber);
  }
}
