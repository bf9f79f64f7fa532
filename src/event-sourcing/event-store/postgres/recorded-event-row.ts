import { EventData } from '../../domain';
import { EventMetadata, RecordedEvent } from '../event-envelope';

/** The columns that every read selects, in one place. */
export const recordedEventColumns =
  'position, event_id, event_type, schema_version, aggregate_type, aggregate_id, aggregate_version,' +
  ' timestamp, data, metadata';

export interface RecordedEventRow {
  readonly position: bigint;
  readonly event_id: string;
  readonly event_type: string;
  readonly schema_version: number;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly aggregate_version: number;
  readonly timestamp: Date;
  readonly data: EventData;
  readonly metadata: EventMetadata;
}

export function recordedEvent(row: RecordedEventRow): RecordedEvent {
  return {
    position: row.position,
    id: row.event_id,
    type: row.event_type,
    schemaVersion: row.schema_version,
    stream: { type: row.aggregate_type, id: row.aggregate_id },
    version: row.aggregate_version,
    timestamp: row.timestamp,
    data: row.data,
    metadata: row.metadata,
  };
}
