import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Matches, Max, Min } from 'class-validator';

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

/** Every variable the process reads, with its default. `.env.example` lists the same, each with a line why. */
export class Environment {
  @IsIn(['development', 'test', 'production'])
  NODE_ENV: 'development' | 'test' | 'production' = 'development';

  @IsString()
  HOST = '127.0.0.1';

  /** Every caller may do everything, so anything but loopback needs this said out loud. */
  @TrueOrFalse()
  ALLOW_ANONYMOUS = false;

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

  /** How long a request may take to arrive, and then to be answered. */
  @WholeNumber(100, 600_000)
  REQUEST_TIMEOUT_MS = 30_000;

  /** How long one SQL statement may take. */
  @WholeNumber(100, 600_000)
  STATEMENT_TIMEOUT_MS = 30_000;

  /** How long to wait for a free connection of a pool, or for a new one. */
  @WholeNumber(100, 60_000)
  POOL_WAIT_MS = 3_000;

  /** How many may wait for a connection of each pool. */
  @WholeNumber(1, 100_000)
  POOL_WAITING_LIMIT = 1_000;

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
