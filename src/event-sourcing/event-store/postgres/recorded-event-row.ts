import { EventData } from '../../domain';
import { InexactNumberError } from '../registry-errors';
import { EventMetadata, RecordedEvent, StreamId } from '../event-envelope';
import { StoredEvent } from '../stored-event';
import { UnreadableDocument } from './page-meter';

/** What every read selects of an event, before what tells its stream. */
export const eventColumns =
  'position, event_id, event_type, schema_version, aggregate_version, timestamp, data, metadata';

/** Values in the order of the columns: an object for each row would be thrown away at once. */
export type EventRow = readonly [
  position: bigint,
  eventId: string,
  eventType: string,
  schemaVersion: number,
  aggregateVersion: number,
  timestamp: Date,
  data: EventData | UnreadableDocument,
  metadata: EventMetadata | UnreadableDocument,
];

/**
 * A document that cannot be read exactly throws where it is asked for, so that nobody else is held up by it.
 * @param row May have further values behind these.
 */
export function recordedEvent(row: readonly [...EventRow, ...unknown[]], stream: StreamId): RecordedEvent {
  const [position, id, type, schemaVersion, version, timestamp, data, metadata] = row;
  if (!(data instanceof UnreadableDocument) && !(metadata instanceof UnreadableDocument))
    return new StoredEvent(position, id, type, schemaVersion, stream, version, timestamp, data, metadata);
  const event = { position, id, type, schemaVersion, stream, version, timestamp };
  return Object.defineProperties(StoredEvent.like(event as RecordedEvent, {}), {
    data: member(event, 'data', data),
    metadata: member(event, 'metadata', metadata),
  });
}

function member(
  event: Omit<RecordedEvent, 'data' | 'metadata'>,
  name: 'data' | 'metadata',
  value: unknown,
): PropertyDescriptor {
  if (!(value instanceof UnreadableDocument)) return { value, enumerable: true };
  const { path, literal } = value.inexact;
  const get = (): never => {
    throw new InexactNumberError(event, `${name}${path}`, literal);
  };
  return { get, enumerable: true };
}
