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
  ValidateIf,
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

function PostgresUrl(): PropertyDecorator {
  const message = '$property must be a URL: postgres://user:password@host:5432/database';
  return Matches(/^postgres(ql)?:\/\/\S+$/, { message });
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
  @PostgresUrl()
  DATABASE_URL?: string;

  /** The role that owns the tables, for migrations alone; empty: they run as the role of `DATABASE_URL`. */
  @ValidateIf((_, value) => value !== '')
  @PostgresUrl()
  MIGRATION_DATABASE_URL = '';

  /** CA certificates, in PEM: every connection to the database is then encrypted, and the server proves its name. */
  @IsString()
  DATABASE_CA_FILE = '';

  /** Production refuses a server that may lose events in a crash, unless this is said out loud. */
  @TrueOrFalse()
  ALLOW_UNSAFE_DATABASE_SETTINGS = false;

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

  /** Memory for aggregates that are kept between commands, in MiB; 0 keeps none. */
  @WholeNumber(0, 65_536)
  AGGREGATE_CACHE_MB = 64;

  /** False: this process runs subscriptions only. */
  @TrueOrFalse()
  HTTP_ENABLED = true;

  /** False: this process serves HTTP only, and another must run the subscriptions. */
  @TrueOrFalse()
  SUBSCRIPTIONS_ENABLED = true;

  /** A read model that is further behind, in seconds, makes the process not ready. */
  @WholeNumber(1, 86_400)
  READY_LAG_SECONDS = 60;

  /** Longest body, in bytes after decompression. */
  @WholeNumber(1_024, 10_485_760)
  BODY_LIMIT_BYTES = 102_400;

  /** Nesting of arrays and objects in a body. */
  @WholeNumber(2, 1_000)
  JSON_DEPTH_LIMIT = 32;

  /** Request line and headers together, in bytes. */
  @WholeNumber(4_096, 1_048_576)
  HEADER_LIMIT_BYTES = 16_384;

  /** Items on one page of any list. A list may have a smaller limit of its own. */
  @WholeNumber(1, 10_000)
  PAGE_SIZE_LIMIT = 1_000;

  /** Clients that may listen to live events of this process at a time. */
  @WholeNumber(1, 1_000_000)
  EVENT_STREAMS_LIMIT = 2_000;

  /** How long a request may take to arrive, and then to be answered. */
  @WholeNumber(100, 600_000)
  REQUEST_TIMEOUT_MS = 30_000;

  /** How long a connection may be idle between two requests. */
  @WholeNumber(1_000, 3_600_000)
  KEEP_ALIVE_TIMEOUT_MS = 72_000;

  /** How long one SQL statement may take. */
  @WholeNumber(100, 600_000)
  STATEMENT_TIMEOUT_MS = 30_000;

  /** How long to wait for a free connection of a pool, or for a new one. */
  @WholeNumber(100, 60_000)
  POOL_WAIT_MS = 3_000;

  /** How many may wait for a connection of each pool. */
  @WholeNumber(1, 100_000)
  POOL_WAITING_LIMIT = 1_000;

  /** After SIGTERM: how long readiness says 503 before the process takes no more connections. */
  @WholeNumber(0, 300_000)
  SHUTDOWN_GRACE_MS = 1_000;

  /** After SIGTERM: the most that the process may take to end, the grace included. */
  @WholeNumber(1_000, 600_000)
  SHUTDOWN_TIMEOUT_MS = 25_000;

  /** A file with an API key a line, as `keys create --entry` prints it. A start brings them into the database. */
  @IsOptional()
  @IsString()
  API_KEYS_FILE?: string;

  /** API keys in the same form, with commas between them; they stay out of the database. */
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

  /** `/docs` and `/docs-json`. Default: everywhere but in production. */
  @IsOptional()
  @TrueOrFalse()
  DOCS_ENABLED: boolean | undefined = undefined;

  @IsIn(['fatal', 'error', 'warn', 'log', 'debug', 'verbose'])
  LOG_LEVEL: 'fatal' | 'error' | 'warn' | 'log' | 'debug' | 'verbose' = 'log';

  /** `auto` is `json` in production, and `text` elsewhere. */
  @IsIn(['auto', 'text', 'json'])
  LOG_FORMAT: 'auto' | 'text' | 'json' = 'auto';

  /** Whether each request gets a line in the log. */
  @TrueOrFalse()
  LOG_REQUESTS = true;

  /** Where traces go, by OTLP over HTTP; empty: there are none. Also read by `src/tracing.ts`, before all else. */
  @Matches(/^(https?:\/\/\S+)?$/, { message: '$property must be a URL: http://collector:4318' })
  OTEL_EXPORTER_OTLP_ENDPOINT = '';
}
