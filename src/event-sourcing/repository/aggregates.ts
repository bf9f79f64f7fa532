import { Injectable, Optional } from '@nestjs/common';
import { AggregateClass, AggregateRoot, aggregateType, eventMethods, loadedTwice } from '../domain';
import { EventRegistrationError, EventRegistry } from '../event-store/event-registry';
import { EventStore } from '../event-store/event-store';
import { AggregateCache } from './aggregate-cache';
import { EventSourcedRepository } from './event-sourced-repository';

/** The aggregates of the application: registers their events, and makes their repositories. */
@Injectable()
export class Aggregates {
  private readonly byType = new Map<string, AggregateClass>();
  /** One for each class, wherever it is asked for: updates of one aggregate take turns in it. */
  private readonly repositories = new Map<AggregateClass, EventSourcedRepository<AggregateRoot>>();

  constructor(
    private readonly store: EventStore,
    private readonly registry: EventRegistry,
    @Optional() private readonly cache?: AggregateCache,
  ) {}

  /** Whether a feature has asked for its repository. */
  has(aggregateClass: object): boolean {
    return this.repositories.has(aggregateClass as AggregateClass);
  }

  /** The class whose streams have this type, of those that features have asked for. */
  classOf(type: string): AggregateClass | undefined {
    return this.byType.get(type);
  }

  /** The types of streams, in the order of the alphabet. */
  types(): readonly string[] {
    return [...this.byType.keys()].sort();
  }

  /** @throws EventRegistrationError when another class has the stream type, or its events cannot be registered. */
  repository(aggregateClass: AggregateClass): EventSourcedRepository<AggregateRoot> {
    const type = aggregateType(aggregateClass);
    const known = this.byType.get(type);
    if (known && known !== aggregateClass) {
      throw new EventRegistrationError(twoClasses(known, aggregateClass, type));
    }
    if (!(aggregateClass.prototype instanceof AggregateRoot)) {
      throw new EventRegistrationError(
        `${aggregateClass.name} extends no AggregateRoot of this package, or that of another copy of it. Install one copy for all modules, and import everything from it: npm ls @annals/nestjs.`,
      );
    }
    this.byType.set(type, aggregateClass);
    for (const eventClass of eventMethods(aggregateClass).keys()) this.registry.register(eventClass);
    const made =
      this.repositories.get(aggregateClass) ??
      new EventSourcedRepository(aggregateClass, this.store, this.registry, this.cache);
    this.repositories.set(aggregateClass, made);
    return made;
  }
}

function twoClasses({ name }: AggregateClass, other: AggregateClass, type: string): string {
  const both = `${name} and ${other.name} both store their events in "${type}" streams. Give one of them another @Aggregate type`;
  return name === other.name ? `${both}; or, if they are one class, ${loadedTwice}` : `${both}.`;
}
