import type { EntityManager } from 'typeorm';
import { RecordedEvent } from '../event-store/event-envelope';

/** Who gets the events of the log: a projector, or a durable handler. */
export interface Subscriber {
  readonly kind: 'projector' | 'handler';
  /** Names the checkpoint, so it outlives the class. */
  readonly name: string;
  readonly version: number;
  /** Where it begins when it has no checkpoint yet: at the first event, or behind the last one. */
  readonly from: 'beginning' | 'now';
  /** Events that may share a transaction. What a handler does outside the database cannot be rolled back, so: one. */
  readonly eventsPerTransaction: number;
  /** Whether events of this type are for it. @throws UnknownEventTypeError */
  wants(type: string): boolean;
  /** Handles one event, in the transaction that also moves the checkpoint. */
  handle(recorded: RecordedEvent, manager: EntityManager): Promise<void>;
  /**
   * Handles several in order, for who can do so with fewer statements than one by one. All is written when it resolves.
   * `within` bounds the time of one event.
   */
  handleAll?(
    events: readonly RecordedEvent[],
    manager: EntityManager,
    within: (handling: Promise<void>) => Promise<void>,
  ): Promise<void>;
}
