import { EventData } from '../domain';
import { EventMetadata, Position, RecordedEvent, StreamId } from './event-envelope';

/** What the stores of this package give of an event. A handler of a request may return it as it is: in JSON its position is a decimal string. */
export class StoredEvent implements RecordedEvent {
  constructor(
    readonly position: Position,
    readonly id: string,
    readonly type: string,
    readonly schemaVersion: number,
    readonly stream: StreamId,
    readonly version: number,
    readonly timestamp: Date,
    readonly data: EventData,
    readonly metadata: EventMetadata,
  ) {}

  /** `JSON.stringify` knows no bigint. */
  toJSON(): object {
    return { ...this, position: String(this.position) };
  }

  /** A copy with other members. */
  static like(event: RecordedEvent, changes: Partial<RecordedEvent>): RecordedEvent {
    return Object.assign(Object.create(StoredEvent.prototype) as RecordedEvent, event, changes);
  }
}
