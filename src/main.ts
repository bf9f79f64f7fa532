import { stopTracing } from './tracing';
import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule, service } from './app.module';
import { mendOf } from './operations';
import {
  announce,
  configureHttp,
  Database,
  DevelopmentKey,
  drainHttp,
  Draining,
  Environment,
  exitWith,
  loggerFor,
  readEnvironment,
  requireAuthentication,
  serveDocs,
  stopOnSignals,
  surviveRejections,
} from './platform';

async function start(): Promise<void> {
  const environment = await readEnvironment();
  const logger = loggerFor(environment);
  Logger.overrideLogger(logger);
  const database = await Database.open(environment, { check: true });
  const isAuthenticationConfigured = await requireAuthentication(
    environment,
    service.roles,
    database.url,
  ).catch(async (error: unknown) => {
    await database.stop();
    throw error;
  });
  const application = await NestFactory.create<NestExpressApplication>(
    AppModule.forRoot({ database, isAuthenticationConfigured }),
    {
      abortOnError: false,
      bodyParser: false,
      logger,
    },
  );
  stopOnSignals({
    stop: async () => {
      if (environment.HTTP_ENABLED) await drainHttp(application, environment.SHUTDOWN_GRACE_MS);
      await application.close();
      await database.stop();
      await stopTracing();
    },
    withinMs: environment.SHUTDOWN_TIMEOUT_MS,
    unfinished: () => unfinished(application.get(Draining)),
  });
  configureHttp(application);
  serveDocs(application, service);
  // Not before: until here it is a mistake that the start fails on.
  surviveRejections();
  await (environment.HTTP_ENABLED ? listen(application, environment, database) : application.init());
}

async function listen(
  application: NestExpressApplication,
  environment: Environment,
  database: Database,
): Promise<void> {
  await application.listen(environment.PORT, environment.HOST);
  const url = await application.getUrl();
  const key = application.get(DevelopmentKey);
  await key.leaveFor(url);
  announce({ ...service, url, database, apiKey: key.apiKey }, environment);
}

function unfinished({ requestsUnderWay }: Draining): string {
  return requestsUnderWay > 0
    ? `${requestsUnderWay} requests have no answer yet`
    : 'a subscription or a connection of the database has not finished';
}

start().catch((error: unknown) => exitWith(error, mendOf(error)));
