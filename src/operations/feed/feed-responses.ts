import { ApiProperty, PickType } from '@nestjs/swagger';
import type { Position, RecordedEvent } from '../../event-sourcing';
import { positionSchema } from '../admin/admin-requests';
import { EventResponse, eventResponse } from '../admin/admin-responses';

/** The log was never restored to an earlier state. */
const firstEra = 1;

export class FeedItemStream {
  @ApiProperty({ examples: ['User'] })
  type!: string;

  @ApiProperty()
  id!: string;

  @ApiProperty({ type: 'integer', minimum: 1, description: 'Place of the event in its stream.' })
  version!: number;
}

export class FeedItem extends PickType(EventResponse, [
  'position',
  'type',
  'schemaVersion',
  'timestamp',
  'data',
  'metadata',
]) {
  @ApiProperty({ format: 'uuid', description: 'The id of the event.' })
  id!: string;

  @ApiProperty({ type: FeedItemStream })
  stream!: FeedItemStream;
}

export class FeedResponse {
  @ApiProperty({ type: [FeedItem], description: 'In the order of the log, without a hole.' })
  items!: FeedItem[];

  @ApiProperty({ ...positionSchema, description: 'Send it as `after` to get the next page, now or later.' })
  nextAfter!: string;

  @ApiProperty({ ...positionSchema, description: 'The last event of the log.' })
  head!: string;

  @ApiProperty({
    type: 'integer',
    minimum: 1,
    description:
      'Goes up when the log is restored to an earlier state. Positions of two eras are two things.',
  })
  era!: number;
}

export function feedResponse(
  events: readonly RecordedEvent[],
  after: Position,
  head: Position,
): FeedResponse {
  const last = events.at(-1)?.position ?? after;
  return {
    items: events.map(feedItem),
    nextAfter: String(last),
    head: String(last > head ? last : head),
    era: firstEra,
  };
}

function feedItem(event: RecordedEvent): FeedItem {
  const { position, eventId, type, schemaVersion, streamType, streamId, version, timestamp, data, metadata } =
    eventResponse(event);
  const stream = { type: streamType, id: streamId, version };
  return { position, id: eventId, type, schemaVersion, stream, timestamp, data, metadata };
}
