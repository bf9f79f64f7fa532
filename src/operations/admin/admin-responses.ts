import { ApiProperty } from '@nestjs/swagger';
import {
  failureCategories,
  type ParkedEvent,
  type RecordedEvent,
  type SubscriptionStatus,
} from '../../event-sourcing';
import { positionSchema } from './admin-requests';

const timeSchema = {
  type: String,
  format: 'date-time',
  pattern: '\\.\\d{3}Z$',
  examples: ['2026-03-01T12:34:56.789Z'],
};
const countSchema = { type: 'integer' as const, minimum: 0 };
const nextPositionSchema = {
  ...positionSchema,
  nullable: true,
  description: 'Send it as `after` to get the next page; null at the end.',
};

export class SegmentResponse {
  @ApiProperty({ type: 'integer', minimum: 0 })
  segment!: number;

  @ApiProperty(positionSchema)
  checkpoint!: string;

  @ApiProperty({ type: String, nullable: true, description: 'The process that runs it.' })
  owner!: string | null;
}

export class RebuildResponse {
  @ApiProperty({ type: 'integer', minimum: 1, description: 'The version for which rows are made.' })
  version!: number;

  @ApiProperty({ ...positionSchema, description: 'The last event that the new rows hold.' })
  checkpoint!: string;

  @ApiProperty(timeSchema)
  startedAt!: string;

  @ApiProperty({ ...countSchema, description: 'On average since it started.' })
  eventsPerSecond!: number;

  @ApiProperty({ type: 'integer', nullable: true, description: 'At that rate; null when it is not known.' })
  secondsLeft!: number | null;

  @ApiProperty({
    enum: ['running', 'stopped', 'failed'],
    description: '`stopped`: paused, or no process of its version runs it. `failed`: `failure` says why.',
  })
  state!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The process that makes the rows; of several, with commas between.',
  })
  owner!: string | null;

  @ApiProperty({ description: 'Whether an operator has paused it.' })
  paused!: boolean;

  @ApiProperty({ ...countSchema, description: 'How many events the new rows do not hold yet.' })
  lagEvents!: number;

  @ApiProperty({ description: 'Whether the new rows wait for an operator before they take over.' })
  isHeld!: boolean;

  @ApiProperty({ ...countSchema, description: 'Events that are set aside in the rebuild.' })
  parkedCount!: number;

  @ApiProperty({ type: String, nullable: true, description: 'Why it stands still.' })
  failure!: string | null;
}

export class RebuildOrdered {
  @ApiProperty({ examples: ['users'] })
  name!: string;
}

export class SubscriptionResponse {
  @ApiProperty({ examples: ['users'] })
  name!: string;

  @ApiProperty({ enum: ['projector', 'handler'] })
  kind!: SubscriptionStatus['kind'];

  @ApiProperty({ ...countSchema, description: 'As its code says.' })
  version!: number;

  @ApiProperty({
    enum: ['running', 'rebuilding', 'stopped', 'failed'],
    description: '`stopped`: paused, or no process runs it. `failed`: it stands still; `failure` says why.',
  })
  state!: string;

  @ApiProperty({ ...positionSchema, description: 'The last event that it has seen.' })
  checkpoint!: string;

  @ApiProperty({ ...positionSchema, description: 'The last event of the log.' })
  head!: string;

  @ApiProperty({ ...countSchema, description: 'How many events it has not seen.' })
  lagEvents!: number;

  @ApiProperty({ minimum: 0, description: 'Age of the oldest event that it has not seen, in seconds.' })
  lagSeconds!: number;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The process that runs it; of several segments, all that do, with commas between.',
  })
  owner!: string | null;

  @ApiProperty({ type: [SegmentResponse], description: 'One, unless the subscription is divided.' })
  segments!: SegmentResponse[];

  @ApiProperty({
    ...timeSchema,
    nullable: true,
    description: 'When the shadow tables of the last rebuild were swapped in.',
  })
  rebuiltAt!: string | null;

  @ApiProperty({ type: RebuildResponse, nullable: true, description: 'How far new rows are.' })
  rebuild!: RebuildResponse | null;

  @ApiProperty({ description: 'Whether an operator has paused it.' })
  paused!: boolean;

  @ApiProperty({ type: String, nullable: true, description: 'Why it stands still.' })
  failure!: string | null;

  @ApiProperty({
    ...countSchema,
    description: 'Events set aside: parked, tried again, or waiting behind one of those.',
  })
  parkedCount!: number;
}

export class SubscriptionListResponse {
  @ApiProperty({ type: [SubscriptionResponse] })
  items!: SubscriptionResponse[];
}

export class SubscriptionChanged {
  @ApiProperty({ examples: ['users'] })
  name!: string;

  @ApiProperty({ description: 'False when it was so already.' })
  changed!: boolean;
}

export class ParkedEventChanged {
  @ApiProperty({ examples: ['welcome-message'] })
  name!: string;

  @ApiProperty(positionSchema)
  position!: string;
}

export class ParkedEventResponse {
  @ApiProperty(positionSchema)
  position!: string;

  @ApiProperty({ examples: ['User'] })
  streamType!: string;

  @ApiProperty()
  streamId!: string;

  @ApiProperty({
    enum: ['retrying', 'parked', 'waiting'],
    description: '`retrying` until it has failed too often, then `parked`; `waiting` behind one of those.',
  })
  state!: ParkedEvent['state'];

  @ApiProperty({ ...countSchema, description: 'How often it has failed.' })
  attempts!: number;

  @ApiProperty({ type: String, nullable: true, description: 'The message of the last failure.' })
  error!: string | null;

  @ApiProperty({
    enum: failureCategories,
    type: String,
    nullable: true,
    description: 'What kind of failure the last one was; null while it waits.',
  })
  category!: ParkedEvent['category'];

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Where in the code it failed; for operators only.',
  })
  stack!: string | null;

  @ApiProperty({ ...timeSchema, nullable: true })
  firstFailedAt!: string | null;

  @ApiProperty({ ...timeSchema, nullable: true })
  lastFailedAt!: string | null;

  @ApiProperty({ ...timeSchema, nullable: true })
  nextAttemptAt!: string | null;
}

export class ParkedEventListResponse {
  @ApiProperty({ type: [ParkedEventResponse], description: 'In the order of the log.' })
  items!: ParkedEventResponse[];

  @ApiProperty(nextPositionSchema)
  nextAfter!: string | null;
}

export class EventResponse {
  @ApiProperty(positionSchema)
  position!: string;

  @ApiProperty({ format: 'uuid' })
  eventId!: string;

  @ApiProperty({ description: 'The stored name of the event.', examples: ['UserCreated'] })
  type!: string;

  @ApiProperty({
    type: 'integer',
    minimum: 1,
    description: 'The shape of `data`, as the code of today reads it.',
  })
  schemaVersion!: number;

  @ApiProperty({ examples: ['User'] })
  streamType!: string;

  @ApiProperty()
  streamId!: string;

  @ApiProperty({ type: 'integer', minimum: 1, description: 'Place of the event in its stream.' })
  version!: number;

  @ApiProperty(timeSchema)
  timestamp!: string;

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'What the event says.' })
  data!: RecordedEvent['data'];

  @ApiProperty({
    type: 'object',
    properties: {
      correlationId: { type: 'string' },
      causationId: { type: 'string' },
      actor: { type: 'string' },
    },
    required: ['correlationId', 'causationId', 'actor'],
    additionalProperties: true,
    description: 'Who caused it and by what, and whatever else the application notes.',
  })
  metadata!: RecordedEvent['metadata'];
}

export class EventListResponse {
  @ApiProperty({ type: [EventResponse], description: 'In the order of the log.' })
  items!: EventResponse[];

  @ApiProperty(nextPositionSchema)
  nextAfter!: string | null;
}

export class StreamResponse {
  @ApiProperty({
    type: [EventResponse],
    description: 'In the order of the stream; empty when there is no such stream.',
  })
  items!: EventResponse[];

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Send it as `after` to get the next page; null at the end.',
  })
  nextAfter!: number | null;
}

export function statusResponse(status: SubscriptionStatus): SubscriptionResponse {
  return {
    ...status,
    checkpoint: String(status.checkpoint),
    head: String(status.head),
    lagEvents: Number(status.lagEvents),
    segments: status.segments.map(({ segment, checkpoint, owner }) => ({
      segment,
      checkpoint: String(checkpoint),
      owner,
    })),
    rebuiltAt: status.rebuiltAt?.toISOString() ?? null,
    rebuild: status.rebuild && {
      ...status.rebuild,
      checkpoint: String(status.rebuild.checkpoint),
      lagEvents: Number(status.rebuild.lagEvents),
      startedAt: status.rebuild.startedAt.toISOString(),
    },
  };
}

export function parkedResponse({
  position,
  stream,
  firstFailedAt,
  lastFailedAt,
  nextAttemptAt,
  ...rest
}: ParkedEvent): ParkedEventResponse {
  return {
    position: String(position),
    streamType: stream.type,
    streamId: stream.id,
    ...rest,
    firstFailedAt: firstFailedAt?.toISOString() ?? null,
    lastFailedAt: lastFailedAt?.toISOString() ?? null,
    nextAttemptAt: nextAttemptAt?.toISOString() ?? null,
  };
}

export function eventResponse(event: RecordedEvent): EventResponse {
  return {
    position: String(event.position),
    eventId: event.id,
    type: event.type,
    schemaVersion: event.schemaVersion,
    streamType: event.stream.type,
    streamId: event.stream.id,
    version: event.version,
    timestamp: event.timestamp.toISOString(),
    data: event.data,
    metadata: event.metadata,
  };
}
