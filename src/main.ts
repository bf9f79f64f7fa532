import { stopTracing } from './tracing';
import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module';
import {
  announce,
  configureHttp,
  Database,
  Environment,
  exitWith,
  loggerFor,
  readEnvironment,
  stopOnSignals,
} from './platform';

async function start(): Promise<void> {
  const environment = await readEnvironment();
  const logger = loggerFor(environment);
  Logger.overrideLogger(logger);
  const database = await Database.open(environment);
  const application = await NestFactory.create<NestExpressApplication>(AppModule.forRoot({ database }), {
    abortOnError: false,
    bodyParser: false,
    logger,
  });
  stopOnSignals(async () => {
    await application.close();
    await database.stop();
    await stopTracing();
  });
  configureHttp(application);
  await (environment.HTTP_ENABLED ? listen(application, environment, database) : application.init());
}

async function listen(
  application: NestExpressApplication,
  environment: Environment,
  database: Database,
): Promise<void> {
  await application.listen(environment.PORT, environment.HOST);
  announce(await application.getUrl(), database, environment);
}

start().catch(exitWith);
