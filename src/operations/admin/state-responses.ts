import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { StateAtVersion, StateChange, StatesOfStream } from '../../event-sourcing';
import { positionSchema } from './admin-requests';

const anyJson = {
  nullable: true,
  oneOf: [
    { type: 'string' },
    { type: 'number' },
    { type: 'boolean' },
    { type: 'array', items: {} },
    { type: 'object', additionalProperties: true },
  ],
};

export class StateChangeResponse {
  @ApiProperty({ description: 'The place in the state, a JSON pointer.', examples: ['/lines/0/price'] })
  pointer!: string;

  @ApiProperty({ enum: ['added', 'removed', 'changed'] })
  kind!: StateChange['kind'];

  @ApiPropertyOptional({ ...anyJson, description: 'What stood there before; any JSON.' })
  from?: unknown;

  @ApiPropertyOptional({ ...anyJson, description: 'What stands there now; any JSON.' })
  to?: unknown;
}

export class StateResponse {
  @ApiProperty({ type: 'integer', minimum: 1, description: 'Place of the event in the stream.' })
  version!: number;

  @ApiProperty(positionSchema)
  position!: string;

  @ApiProperty({ description: 'The type of the event.' })
  type!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  timestamp!: string;

  @ApiProperty({ description: 'Who caused the event.' })
  actor!: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'The members of the aggregate behind the event, private ones included.',
  })
  state!: StateAtVersion['state'];

  @ApiProperty({ type: [StateChangeResponse], description: 'What the event changed in the state.' })
  changes!: StateChangeResponse[];
}

export class StateListResponse {
  @ApiProperty({ type: [StateResponse], description: 'In the order of the stream.' })
  items!: StateResponse[];

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Send it as `from` to get the next page; null at the end of the range or of the stream.',
  })
  nextFrom!: number | null;
}

export function statesResponse({ states, nextFrom }: StatesOfStream): StateListResponse {
  const items = states.map(({ version, event, state, changes }) => ({
    version,
    position: String(event.position),
    type: event.type,
    timestamp: event.timestamp.toISOString(),
    actor: event.metadata.actor,
    state,
    changes: [...changes],
  }));
  return { items, nextFrom: nextFrom ?? null };
}
