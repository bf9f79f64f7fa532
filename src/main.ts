import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module';
import {
  configureHttp,
  Database,
  DevelopmentKey,
  Environment,
  exitWith,
  loggerFor,
  readEnvironment,
  requireAuthentication,
  stopOnSignals,
  welcome,
} from './platform';

async function start(): Promise<void> {
  const environment = await readEnvironment();
  const logger = loggerFor(environment);
  Logger.overrideLogger(logger);
  await requireAuthentication(environment);
  const database = await Database.open(environment);
  const application = await NestFactory.create<NestExpressApplication>(AppModule.forRoot({ database }), {
    abortOnError: false,
    bodyParser: false,
    logger,
  });
  stopOnSignals(async () => {
    await application.close();
    await database.stop();
  });
  configureHttp(application);
  await (environment.HTTP_ENABLED ? listen(application, environment, database) : application.init());
}

async function listen(
  application: NestExpressApplication,
  { HOST, PORT }: Environment,
  database: Database,
): Promise<void> {
  await application.listen(PORT, HOST);
  const url = await application.getUrl();
  const key = application.get(DevelopmentKey);
  await key.leaveFor(url);
  process.stdout.write(welcome(url, database, key.apiKey));
}

start().catch(exitWith);
