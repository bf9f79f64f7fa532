import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  IsBoolean,
  isEmail,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Max,
  MaxLength,
  Min,
  registerDecorator,
  ValidateIf,
} from 'class-validator';
import { Email } from '../domain/email';
import { UserName } from '../domain/user-name';
import { emailSchema, nameSchema, pageLimitSchema, userIdSchema } from './user-schemas';

const uuid = IsUUID('all', { message: '$property must be a UUID' });
const lowerCased = Transform(({ value }: { value: unknown }) =>
  typeof value === 'string' ? value.toLowerCase() : value,
);
const trimmed = Transform(({ value }: { value: unknown }) =>
  typeof value === 'string' ? value.trim() : value,
);
const wholeNumber = Transform(({ value }: { value: unknown }) =>
  typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value,
);
const trueOrFalse = Transform(({ value }: { value: unknown }) =>
  value === 'true' ? true : value === 'false' ? false : value,
);
/** Absent is fine; null is not. */
const mayBeAbsent = ValidateIf((_request: object, value: unknown) => value !== undefined);

/** The rule of the domain, as a rule for a member of a request. */
function IsUserName(): PropertyDecorator {
  return (target, property) =>
    registerDecorator({
      name: 'isUserName',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (value: unknown) => typeof value === 'string' && UserName.problem(value) === undefined,
        defaultMessage: (about) =>
          typeof about?.value === 'string'
            ? `${about.property} ${UserName.problem(about.value)}`
            : 'name must be a string',
      },
    });
}

/** Refuses what Postgres cannot keep, where no other rule does. */
function IsStorableText(): PropertyDecorator {
  return (target, property) =>
    registerDecorator({
      name: 'isStorableText',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: isStorableText,
        defaultMessage: () => '$property must be text without NUL or lone surrogates',
      },
    });
}

/** `isEmail` throws an error where it meets a lone surrogate. */
function IsEmailAddress(): PropertyDecorator {
  return (target, property) =>
    registerDecorator({
      name: 'isEmailAddress',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (value: unknown) => isStorableText(value) && isEmail(value) && !Email.problem(value),
        defaultMessage: () =>
          '$property must be a valid e-mail address, without characters that cannot be seen',
      },
    });
}

function isStorableText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\u0000') && value.isWellFormed();
}

export class UserPath {
  @ApiProperty(userIdSchema)
  @lowerCased
  @uuid
  userId!: string;
}

export class NameBody {
  @ApiProperty(nameSchema)
  @IsUserName()
  name!: string;
}

export class EmailBody {
  @ApiProperty(emailSchema)
  @MaxLength(254)
  @IsEmailAddress()
  @trimmed
  email!: string;
}

export class CreateUserBody {
  @ApiProperty(nameSchema)
  @IsUserName()
  name!: string;

  @ApiProperty(emailSchema)
  @MaxLength(254)
  @IsEmailAddress()
  @trimmed
  email!: string;

  @ApiPropertyOptional({
    ...userIdSchema,
    description: 'Chosen by the client, any RFC 9562 version. Default: a new version 7.',
  })
  @mayBeAbsent
  @lowerCased
  @uuid
  userId?: string;
}

/** A body for commands that say everything by their path. */
export class EmptyBody {}

export class SearchUsersQuery {
  @ApiPropertyOptional({
    maxLength: 254,
    description:
      'A piece of the address, taken literally (`%`, `_` and `\\` are ordinary characters), without regard to case.',
    examples: ['ada@'],
  })
  @IsOptional()
  @IsStorableText()
  @MaxLength(254)
  @IsString()
  email?: string;

  @ApiPropertyOptional({ description: 'Only users who are active, or only those who are not.' })
  @IsOptional()
  @trueOrFalse
  @IsBoolean({ message: 'isActive must be true or false' })
  isActive?: boolean;

  @ApiPropertyOptional(pageLimitSchema)
  @IsOptional()
  @wholeNumber
  @IsInt()
  @Min(1)
  @Max(200)
  limit = 50;

  @ApiPropertyOptional({ description: '`nextCursor` of the page before.', examples: ['cDEwNDI'] })
  @IsOptional()
  @IsString()
  cursor?: string;
}

export class UserHistoryQuery {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: 2_147_483_647,
    default: 0,
    description: 'Only events with a greater version: `nextAfter` of the page before.',
  })
  @IsOptional()
  @wholeNumber
  @IsInt()
  @Min(0)
  @Max(2_147_483_647)
  after = 0;

  @ApiPropertyOptional(pageLimitSchema)
  @IsOptional()
  @wholeNumber
  @IsInt()
  @Min(1)
  @Max(200)
  limit = 50;
}
