import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import { EventClass } from '../../domain';
import { inherited, noteDecorated } from '../../domain/decorated-classes';
import { RecordedEvent } from '../../event-store/event-envelope';
import { Rows } from '../../rows/rows';

export interface DurableHandlerOptions {
  /** Names the checkpoint, so it outlives the class. */
  readonly name: string;
  /** Where a handler without a checkpoint begins. Default: with the first event of the log. */
  readonly from?: 'beginning' | 'now';
  /**
   * Events that share a transaction, at most. Default: 1. More are for a handler that does nothing but write through
   * `manager` and `rows`: when one of them fails, the others are rolled back with it, and handled again.
   */
  readonly eventsPerTransaction?: number;
  /**
   * Whether each commit waits until it is on the disk, and on a standby that is synchronous. Default: true. False is for a handler
   * that does nothing but write through `manager` and `rows`, and whose rows nothing outside the database acts upon: what a
   * crash of the server loses of them is handled again.
   */
  readonly flush?: boolean;
}

/** What a durable handler gets besides the event. */
export interface HandlerContext {
  /** The transaction that also moves the checkpoint: what is written through it happens exactly once. */
  readonly manager: EntityManager;
  readonly recorded: RecordedEvent;
  /**
   * The rows of a table, collected over the events that share the transaction and written together at its end:
   * `rows(MessageEntity).insert({ … })`. SQL through `manager` does not see them before that.
   */
  readonly rows: <E extends ObjectLiteral>(entity: EntityTarget<E>) => Rows<E>;
}

/** The shape of a durable handler: that of an `@EventsHandler`, and it is awaited. */
export interface IDurableEventsHandler<E extends object = object> {
  handle(event: E, context: HandlerContext): Promise<void> | void;
}

export interface DurableHandlerDefinition extends DurableHandlerOptions {
  readonly events: readonly EventClass[];
}

const definitions = new WeakMap<object, DurableHandlerDefinition>();

/**
 * Marks a provider that is driven from the log: each event at least once, in the order of its stream, retried, and set
 * aside when it keeps failing. Commands that it sends carry the event as their cause, and the events they lead to get ids
 * made from it, so that the store knows them again when the event comes twice.
 */
export function DurableEventsHandler(nameOrOptions: string | DurableHandlerOptions, ...events: EventClass[]) {
  const options = typeof nameOrOptions === 'string' ? { name: nameOrOptions } : nameOrOptions;
  return <H extends IDurableEventsHandler<never>>(handlerClass: new (...args: never[]) => H): void => {
    noteDecorated(handlerClass, 'DurableEventsHandler');
    definitions.set(handlerClass, { ...options, events });
  };
}

/** The definition of a durable handler, or of one that it extends. */
export function durableHandlerDefinition(handlerClass: object): DurableHandlerDefinition | undefined {
  return inherited(definitions, handlerClass);
}
