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

  /** False: this process runs subscriptions only. */
  @TrueOrFalse()
  HTTP_ENABLED = true;

  /** False: this process serves HTTP only, and another must run the subscriptions. */
  @TrueOrFalse()
  SUBSCRIPTIONS_ENABLED = true;

  /** `/docs` and `/docs-json`. Default: everywhere but in production. */
  @IsOptional()
  @TrueOrFalse()
  DOCS_ENABLED: boolean | undefined = undefined;

  @IsIn(['fatal', 'error', 'warn', 'log', 'debug', 'verbose'])
  LOG_LEVEL: 'fatal' | 'error' | 'warn' | 'log' | 'debug' | 'verbose' = 'log';

  @IsIn(['text', 'json'])
  LOG_FORMAT: 'text' | 'json' = 'text';
}
