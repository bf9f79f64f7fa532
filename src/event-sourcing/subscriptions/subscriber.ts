import type { EntityManager } from 'typeorm';
import { RecordedEvent } from '../event-store/event-envelope';

/** One of the parts into which a subscription is divided. Undivided ones are segment 0 of 1. */
export interface Segment {
  readonly index: number;
  readonly count: number;
}

/** `void` if the work finished at once, as for most events of a read model; else a promise. */
export type Work = Promise<void> | undefined;

/** Does the work of one event, observed, and rejects when it takes too long. */
export type WithinTime = (event: RecordedEvent, work: () => Work) => Work;

/** Who gets the events of the log: a projector, a segment of one, or a durable handler. */
export interface Subscriber {
  readonly kind: 'projector' | 'handler';
  /** Names the checkpoint, so it outlives the class. */
  readonly name: string;
  readonly version: number;
  readonly segment: Segment;
  /**
   * Where it begins when it has no checkpoint yet: at the first event, or behind the last one. `never`: it runs only
   * while somebody else keeps a checkpoint for it.
   */
  readonly from: 'beginning' | 'now' | 'never';
  /** Events that may share a transaction: one, where what is done outside the database could not be rolled back. */
  readonly eventsPerTransaction: number;
  /** Whether the commit that moves its checkpoint waits until it is on the disk, and on a standby that is synchronous. */
  readonly isFlushed: boolean;
  /** Whether the event is for it. @throws UnknownEventTypeError */
  wants(event: RecordedEvent): boolean;
  /** Handles events in order, in the transaction that also moves the checkpoint. All is written when it resolves. */
  handle(events: Iterable<RecordedEvent>, manager: EntityManager, within: WithinTime): Promise<void>;
}

/** Ends the name of the subscription that fills the shadow tables of a projection. No other name has an `@`. */
export const shadowSuffix = '@next';

/** Names the subscription that fills the shadow tables of a projection. */
export function shadowName(projection: string): string {
  return projection + shadowSuffix;
}

/** A subscriber as diagnostics call it. */
export function originOf({ name, segment }: Pick<Subscriber, 'name' | 'segment'>): {
  readonly subscription: string;
  readonly segment: number;
} {
  return { subscription: name, segment: segment.index };
}

/** A subscriber as logs and errors call it: `users`, or `users (segment 2 of 4)`. */
export function labelOf({ name, segment }: Pick<Subscriber, 'name' | 'segment'>): string {
  return segment.count === 1 ? name : `${name} (segment ${segment.index} of ${segment.count})`;
}
