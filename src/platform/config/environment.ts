import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  registerDecorator,
} from 'class-validator';
import { parseApiKeys } from '../auth/api-key';

function WholeNumber(min: number, max: number): PropertyDecorator {
  const message = `$property must be a whole number from ${min} to ${max}`;
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value,
    ),
    IsInt({ message }),
    Min(min, { message }),
    Max(max, { message }),
  );
}

function TrueOrFalse(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      value === 'true' ? true : value === 'false' ? false : value,
    ),
    IsBoolean({ message: '$property must be true or false' }),
  );
}

const webUrl = { protocols: ['http', 'https'], require_protocol: true, require_tld: false };
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const algorithmList = new RegExp(`^(${algorithms.join('|')})(,(${algorithms.join('|')}))*$`);

function IsApiKeys(): PropertyDecorator {
  return (target, property) =>
    registerDecorator({
      name: 'isApiKeys',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (value: unknown) => problemOfApiKeys(value) === undefined,
        defaultMessage: (about) => `$property must be keys: ${problemOfApiKeys(about?.value)}`,
      },
    });
}

function problemOfApiKeys(value: unknown): string | undefined {
  try {
    parseApiKeys(String(value));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Every variable the process reads, with its default. `.env.example` lists the same, each with a line why. */
export class Environment {
  @IsIn(['development', 'test', 'production'])
  NODE_ENV: 'development' | 'test' | 'production' = 'development';

  /** Anything but loopback needs authentication. */
  @IsString()
  HOST = '127.0.0.1';

  /** 0 takes any free port. */
  @WholeNumber(0, 65_535)
  PORT = 3_000;

  /** Without it, a development start runs an embedded Postgres. */
  @IsOptional()
  @Matches(/^postgres(ql)?:\/\/\S+$/, {
    message: '$property must be a URL: postgres://user:password@host:5432/database',
  })
  DATABASE_URL?: string;

  /** Where the embedded Postgres keeps its data. */
  @IsString()
  DATA_DIR = '.data';

  @TrueOrFalse()
  MIGRATE_ON_START = true;

  /** Connections for read models and projections. */
  @WholeNumber(2, 1_000)
  DATABASE_POOL_SIZE = 10;

  /** Connections for the log: one appends, the others load. */
  @WholeNumber(2, 1_000)
  EVENT_STORE_POOL_SIZE = 10;

  /** False: this process runs subscriptions only. */
  @TrueOrFalse()
  HTTP_ENABLED = true;

  /** False: this process serves HTTP only, and another must run the subscriptions. */
  @TrueOrFalse()
  SUBSCRIPTIONS_ENABLED = true;

  /** A file with an API key a line, as `keys create` writes it. */
  @IsOptional()
  @IsString()
  API_KEYS_FILE?: string;

  /** API keys in the same form, with commas between them. */
  @IsOptional()
  @IsApiKeys()
  API_KEYS?: string;

  /** Whose tokens are accepted. */
  @IsOptional()
  @IsUrl(webUrl, { message: '$property must be a URL: https://login.example.com/realms/annals' })
  AUTH_ISSUER?: string;

  /** For whom a token must be meant. */
  @IsOptional()
  @IsString()
  AUTH_AUDIENCE?: string;

  /** Where the issuer has its keys; without it, its OpenID configuration tells. */
  @IsOptional()
  @IsUrl(webUrl, { message: '$property must be a URL: https://login.example.com/keys' })
  AUTH_JWKS_URL?: string;

  /** Signature algorithms that are accepted. All are asymmetric: who can check a token cannot make one. */
  @Matches(algorithmList, {
    message: `$property must be a list with commas, of ${algorithms.join(', ')}`,
  })
  AUTH_ALGORITHMS = 'RS256,PS256,ES256,EdDSA';

  /** The claim of a token that has the roles. */
  @IsString()
  AUTH_ROLES_CLAIM = 'roles';

  /** Requests that a caller may send in 10 seconds. */
  @WholeNumber(1, 1_000_000_000)
  RATE_LIMIT = 10_000;

  @IsIn(['fatal', 'error', 'warn', 'log', 'debug', 'verbose'])
  LOG_LEVEL: 'fatal' | 'error' | 'warn' | 'log' | 'debug' | 'verbose' = 'log';

  @IsIn(['text', 'json'])
  LOG_FORMAT: 'text' | 'json' = 'text';
}
