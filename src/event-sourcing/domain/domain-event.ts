import { noteDecorated } from './decorated-classes';
import { EventClass } from './event-class';

/** What is stored of an event: its own members, as plain JSON. */
export type EventData = Readonly<Record<string, unknown>>;

/** Turns data written under one schema version into data of the next. Pure; never changes its argument. */
export type Upcaster = (data: EventData) => EventData;

export interface DomainEventOptions {
  /** Schema version that new events are written with: 1, 2, 3 … Default 1. */
  readonly version?: number;
  /** `{ 1: fromOneToTwo, 2: fromTwoToThree }`: one step for every version below `version`. */
  readonly upcasters?: Readonly<Record<number, Upcaster>>;
  /**
   * Names under which older events are stored: events of these types become instances of this class, too. Schema versions go on
   * through a change of name, so a step serves all names.
   */
  readonly formerly?: readonly string[];
}

export interface DomainEventDefinition {
  readonly type: string;
  readonly formerly: readonly string[];
  readonly version: number;
  readonly upcasters: Readonly<Record<number, Upcaster>>;
}

const definitions = new WeakMap<EventClass, DomainEventDefinition>();

/**
 * Names the type under which events of this class are stored. The name outlives the class: rename the class as you
 * like. Where the type is to have another name, say under which it is stored already:
 * `@DomainEvent('UserRegistered', { formerly: ['UserCreated'] })`.
 */
export function DomainEvent(type: string, options: DomainEventOptions = {}) {
  return (eventClass: EventClass): void => {
    noteDecorated(eventClass, 'DomainEvent');
    const { version = 1, upcasters = {}, formerly = [] } = options;
    definitions.set(eventClass, { type, version, upcasters, formerly });
  };
}

export function domainEventDefinition(eventClass: EventClass): DomainEventDefinition | undefined {
  return definitions.get(eventClass);
}
