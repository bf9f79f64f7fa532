import { EventData } from '../domain';

/** All events of one aggregate: its type and its id. */
export interface StreamId {
  readonly type: string;
  readonly id: string;
}

/** Place of an event in the whole log: 1, 2, 3 … dense, in commit order. */
export type Position = bigint;

/** Who caused an event and by what. Every stored event has all three. */
export interface EventMetadata {
  /** One value for everything that one request set off. */
  readonly correlationId: string;
  /** The message that led to this one: an event's id, or the request's correlation id. */
  readonly causationId: string;
  readonly actor: string;
  /** More, as the application likes; plain JSON. */
  readonly [member: string]: unknown;
}

/** An event on its way into the log. */
export interface NewEvent {
  /** A UUID, unique in the whole log; give it to make a retry safe. Made (version 7) when missing. */
  readonly id?: string;
  readonly type: string;
  /** Default 1. */
  readonly schemaVersion?: number;
  readonly data: EventData;
  /** What is missing comes from the message context. */
  readonly metadata?: Partial<EventMetadata>;
}

/** An event as the log keeps it. */
export interface RecordedEvent {
  readonly position: Position;
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly stream: StreamId;
  /** Place of the event in its stream: 1, 2, 3 … dense. */
  readonly version: number;
  /** The store's clock at the append. */
  readonly timestamp: Date;
  /** To ask for it throws an InexactNumberError where it holds a number that JavaScript cannot. So with the metadata. */
  readonly data: EventData;
  readonly metadata: EventMetadata;
}
