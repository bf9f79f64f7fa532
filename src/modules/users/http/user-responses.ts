import { ApiProperty } from '@nestjs/swagger';
import type { RecordedEvent } from '../../../event-sourcing';
import type { UserEntity } from '../read-model/user.entity';
import { emailSchema, nameSchema, positionSchema, userIdSchema, versionSchema } from './user-schemas';

const timeSchema = {
  type: String,
  format: 'date-time',
  pattern: '\\.\\d{3}Z$',
  examples: ['2026-03-01T12:34:56.789Z'],
};

/** Where a command left the user. */
export class UserChanged {
  @ApiProperty(userIdSchema)
  userId!: string;

  @ApiProperty(versionSchema)
  version!: number;

  @ApiProperty(positionSchema)
  position!: string;
}

export class UserResponse {
  @ApiProperty(userIdSchema)
  userId!: string;

  @ApiProperty(nameSchema)
  name!: string;

  @ApiProperty(emailSchema)
  email!: string;

  @ApiProperty({ description: 'False while the user is deactivated.', examples: [true] })
  isActive!: boolean;

  @ApiProperty({ ...timeSchema, description: 'When the user was created.' })
  createdAt!: string;

  @ApiProperty({ ...timeSchema, description: 'When the last event was appended.' })
  updatedAt!: string;

  @ApiProperty(versionSchema)
  version!: number;
}

export class UserListResponse {
  @ApiProperty({ type: [UserResponse], description: 'In the order of creation, newest last.' })
  items!: UserResponse[];

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Send it as `cursor` to get the next page; null at the end.',
    examples: ['cDEwNDI', null],
  })
  nextCursor!: string | null;
}

export class HistoryItem {
  @ApiProperty({ ...versionSchema, description: 'The version of the user after this event.' })
  version!: number;

  @ApiProperty(positionSchema)
  position!: string;

  @ApiProperty({ description: 'The stored name of the event.', examples: ['UserEmailChanged'] })
  type!: string;

  @ApiProperty({ ...timeSchema, description: 'When the event was appended, by the clock of the database.' })
  timestamp!: string;

  @ApiProperty({ description: 'Who caused it.', examples: ['anonymous'] })
  actor!: string;

  @ApiProperty({ description: 'The correlation id of the request that caused it.' })
  correlationId!: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'What the event says, as its type has it.',
    examples: [{ oldEmail: 'ada@example.org', newEmail: 'ada@example.net' }],
  })
  data!: Readonly<Record<string, unknown>>;
}

export class UserHistoryResponse {
  @ApiProperty({ type: [HistoryItem], description: 'Oldest first.' })
  items!: HistoryItem[];

  @ApiProperty({
    ...versionSchema,
    nullable: true,
    description: 'Send it as `after` to get the next page; null at the end.',
    examples: [50, null],
  })
  nextAfter!: number | null;
}

export function userResponse(user: UserEntity): UserResponse {
  return {
    userId: user.userId,
    name: user.name,
    email: user.email,
    isActive: user.isActive,
    createdAt: user.createdAt.toISOString(),
    updatedAt: user.updatedAt.toISOString(),
    version: user.version,
  };
}

export function historyItem(event: RecordedEvent): HistoryItem {
  return {
    version: event.version,
    position: String(event.position),
    type: event.type,
    timestamp: event.timestamp.toISOString(),
    actor: event.metadata.actor,
    correlationId: event.metadata.correlationId,
    data: event.data,
  };
}
