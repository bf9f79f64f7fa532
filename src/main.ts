import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module';
import {
  configureHttp,
  Database,
  Environment,
  exitWith,
  loggerFor,
  readEnvironment,
  serveDocs,
  stopOnSignals,
  welcome,
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
  });
  configureHttp(application);
  serveDocs(application, environment);
  await (environment.HTTP_ENABLED ? listen(application, environment, database) : application.init());
}

async function listen(
  application: NestExpressApplication,
  { HOST, PORT }: Environment,
  database: Database,
): Promise<void> {
  await application.listen(PORT, HOST);
  process.stdout.write(welcome(await application.getUrl(), database));
}

start().catch(exitWith);
