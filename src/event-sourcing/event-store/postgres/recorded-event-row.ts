import { EventData } from '../../domain';
import { EventMetadata, RecordedEvent } from '../event-envelope';

/** The columns that every read selects, in one place. */
export const recordedEventColumns =
  'position, event_id, event_type, schema_version, aggregate_type, aggregate_id, aggregate_version,' +
  ' timestamp, data, metadata';

/** Values in the order of the columns: an object for each row would be thrown away at once. */
export type RecordedEventRow = readonly [
  position: bigint,
  eventId: string,
  eventType: string,
  schemaVersion: number,
  aggregateType: string,
  aggregateId: string,
  aggregateVersion: number,
  timestamp: Date,
  data: EventData,
  metadata: EventMetadata,
];

/** @param row May have further values behind these. */
export function recordedEvent(row: readonly [...RecordedEventRow, ...unknown[]]): RecordedEvent {
  const [position, id, type, schemaVersion, aggregateType, aggregateId, version, timestamp, data, metadata] =
    row;
  const stream = { type: aggregateType, id: aggregateId };
  return { position, id, type, schemaVersion, stream, version, timestamp, data, metadata };
}
