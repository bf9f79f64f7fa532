import 'reflect-metadata';
import { Module, ValidationPipe } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ThrottlerModule } from '@nestjs/throttler';
import { TypeOrmModule } from '@nestjs/typeorm';
import helmet from 'helmet';
import { DataSource } from 'typeorm';
import { RequestCounts } from '../../../../src/platform/auth/request-counts';
import { CrudController, WRITES } from './crud.controller';
import { ApiKeyGuard, CallerLimitGuard } from './guards';
import { logRequests } from './request-log';
import { createTables, CrudUser, OutboxRow } from './tables';

const { DATABASE_URL, DATABASE_POOL_SIZE, RATE_LIMIT, PORT, CRUD_WRITES } = process.env;

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: DATABASE_URL,
      entities: [CrudUser, OutboxRow],
      poolSize: Number(DATABASE_POOL_SIZE),
    }),
    TypeOrmModule.forFeature([CrudUser]),
    ThrottlerModule.forRoot({
      throttlers: [{ ttl: 10_000, limit: Number(RATE_LIMIT) }],
      // The storage that comes with the throttler keeps the time of each request, and goes through all of them at the next.
      storage: new RequestCounts(),
    }),
  ],
  controllers: [CrudController],
  providers: [
    { provide: APP_GUARD, useClass: ApiKeyGuard },
    { provide: APP_GUARD, useClass: CallerLimitGuard },
    { provide: WRITES, useValue: CRUD_WRITES },
  ],
})
class CrudModule {}

/**
 * What a team writes instead of this project: a Nest service on TypeORM with the same classes of requests, an API key, a rate
 * limit, security headers and a log of requests, in a process of its own.
 */
async function start(): Promise<void> {
  const application = await NestFactory.create<NestExpressApplication>(CrudModule, { logger: false });
  await application.get(DataSource).query(createTables);
  application.disable('x-powered-by');
  application.disable('etag');
  application.use(helmet(), logRequests);
  application.useGlobalPipes(
    new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }),
  );
  await application.listen(Number(PORT), '127.0.0.1');
}

start().catch((error: Error) => {
  console.error(error.stack);
  process.exit(1);
});
