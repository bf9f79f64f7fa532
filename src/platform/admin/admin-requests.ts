import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';

const position = Matches(/^\d{1,18}$/, { message: '$property must be a position: a decimal number' });

/** Text that Postgres can keep. */
function Text(max: number): PropertyDecorator {
  return applyDecorators(
    Matches(/^[^\0]*$/, { message: '$property must not contain NUL' }),
    Length(1, max),
    IsString(),
  );
}

function WholeNumber(min: number, max: number): PropertyDecorator {
  const message = `$property must be a whole number from ${min} to ${max}`;
  return applyDecorators(
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
  @Text(200)
  name!: string;
}

export class ParkedPath extends SubscriptionPath {
  @position
  position!: string;
}

export class DiscardBody {
  /** Why the event is given up; it is kept. */
  @Text(1_000)
  reason!: string;
}

export class PageQuery {
  @IsOptional()
  @position
  after = '0';

  @WholeNumber(1, 1_000)
  limit = 100;
}

export class EventsQuery extends PageQuery {
  @IsOptional()
  @Text(200)
  type?: string;
}

export class StreamPath {
  @Text(200)
  type!: string;

  @Text(200)
  id!: string;
}

export class StreamQuery {
  @WholeNumber(0, 2_147_483_647)
  after = 0;

  @WholeNumber(1, 1_000)
  limit = 100;
}
