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
import { UserName } from '../domain/user-name';

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
        validate: (value: unknown) => isStorableText(value) && isEmail(value),
        defaultMessage: () => '$property must be a valid e-mail address',
      },
    });
}

function isStorableText(value: unknown): boolean {
  return typeof value === 'string' && !value.includes('\u0000') && value.isWellFormed();
}

export class UserPath {
  @lowerCased
  @uuid
  userId!: string;
}

export class NameBody {
  @IsUserName()
  name!: string;
}

export class EmailBody {
  @MaxLength(254)
  @IsEmailAddress()
  @trimmed
  email!: string;
}

export class CreateUserBody {
  @IsUserName()
  name!: string;

  @MaxLength(254)
  @IsEmailAddress()
  @trimmed
  email!: string;

  @mayBeAbsent
  @lowerCased
  @uuid
  userId?: string;
}

/** A body for commands that say everything by their path. */
export class EmptyBody {}

export class SearchUsersQuery {
  @IsOptional()
  @IsStorableText()
  @MaxLength(254)
  @IsString()
  email?: string;

  @IsOptional()
  @trueOrFalse
  @IsBoolean({ message: 'isActive must be true or false' })
  isActive?: boolean;

  @IsOptional()
  @wholeNumber
  @IsInt()
  @Min(1)
  @Max(200)
  limit = 50;

  @IsOptional()
  @IsString()
  cursor?: string;
}

export class UserHistoryQuery {
  @IsOptional()
  @wholeNumber
  @IsInt()
  @Min(0)
  @Max(2_147_483_647)
  after = 0;

  @IsOptional()
  @wholeNumber
  @IsInt()
  @Min(1)
  @Max(200)
  limit = 50;
}
