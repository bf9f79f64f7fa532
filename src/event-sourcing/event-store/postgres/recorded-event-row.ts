import { EventData } from '../../domain';
import { EventMetadata, RecordedEvent, StreamId } from '../event-envelope';

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
  data: EventData,
  metadata: EventMetadata,
];

/** @param row May have further values behind these. */
export function recordedEvent(row: readonly [...EventRow, ...unknown[]], stream: StreamId): RecordedEvent {
  const [position, id, type, schemaVersion, version, timestamp, data, metadata] = row;
  return { position, id, type, schemaVersion, stream, version, timestamp, data, metadata };
}
