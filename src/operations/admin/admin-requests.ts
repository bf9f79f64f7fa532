import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';

const position = Matches(/^\d{1,18}$/, { message: '$property must be a position: a decimal number' });

export const positionSchema = {
  type: String,
  pattern: '^\\d{1,18}$',
  description: 'Place in the whole log, a decimal number.',
  examples: ['1042'],
};

/** Text that Postgres can keep. */
function Text(max: number, description: string, isOptional = false): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ type: String, minLength: 1, maxLength: max, description, required: !isOptional }),
    Matches(/^[^\0]*$/, { message: '$property must not contain NUL' }),
    Length(1, max),
    IsString(),
  );
}

export function WholeNumber(min: number, max: number, description: string): PropertyDecorator {
  const message = `$property must be a whole number from ${min} to ${max}`;
  return applyDecorators(
    ApiPropertyOptional({ type: 'integer', minimum: min, maximum: max, description }),
    IsOptional(),
    Min(min, { message }),
    Max(max, { message }),
    IsInt({ message }),
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value,
    ),
  );
}

export class SubscriptionPath {
  @Text(200, 'The name of the subscription.')
  name!: string;
}

export class ParkedPath extends SubscriptionPath {
  @ApiProperty(positionSchema)
  @position
  position!: string;
}

export class DiscardBody {
  @Text(1_000, 'Why the event is given up; it is kept.')
  reason!: string;
}

export class PageQuery {
  @ApiPropertyOptional({ ...positionSchema, description: 'Only events after this position.' })
  @IsOptional()
  @position
  after = '0';

  @WholeNumber(1, 1_000, 'How many events a page has at most. Default 100.')
  limit = 100;
}

export class EventsQuery extends PageQuery {
  @IsOptional()
  @Text(200, 'Only events of this type; a page may then be short, or empty, before the end.', true)
  type?: string;
}

export class LiveQuery {
  @IsOptional()
  @Text(200, 'Only events of this type.', true)
  type?: string;

  @ApiPropertyOptional({
    type: String,
    pattern: '^[^/]+/.+$',
    maxLength: 401,
    description: 'Only events of this stream: `<type>/<id>`.',
    examples: ['User/0197c2f4-5d0e-7c3a-9b1f-2f6f3f0c9a11'],
  })
  @IsOptional()
  @Matches(/^[^/\0]+\/[^\0]+$/, { message: '$property must be <type>/<id>' })
  @Length(1, 401)
  @IsString()
  stream?: string;
}

export class StreamPath {
  @Text(200, 'The type of the aggregate.')
  type!: string;

  @Text(200, 'The id of the aggregate.')
  id!: string;
}

export class StreamQuery {
  @WholeNumber(0, 2_147_483_647, 'Only events with a greater version. Default 0.')
  after = 0;

  @WholeNumber(1, 1_000, 'How many events a page has at most. Default 100.')
  limit = 100;
}

export class StatesQuery {
  @WholeNumber(1, 2_147_483_647, 'The first version. Default 1.')
  from = 1;

  @WholeNumber(
    1,
    2_147_483_647,
    'The last version; the stream may end before it. Default: 19 after the first.',
  )
  to?: number;
}
