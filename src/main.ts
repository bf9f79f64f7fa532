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
  stopOnSignals,
  welcome,
} from './platform';

async function start(): Promise<void> {
  const environment = await readEnvironment();
  const application = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(), {
    abortOnError: false,
    bodyParser: false,
    logger: loggerFor(environment),
  });
  const database = application.get(Database);
  stopOnSignals(async () => {
    await application.close();
    await database.stop();
  });
  configureHttp(application);
  await (environment.HTTP_ENABLED ? listen(application, environment) : application.init());
}

async function listen(application: NestExpressApplication, { HOST, PORT }: Environment): Promise<void> {
  if (!['127.0.0.1', '::1', 'localhost'].includes(HOST)) {
    new Logger('Process').warn(`Listening on ${HOST}: whoever reaches it may read and change everything.`);
  }
  await application.listen(PORT, HOST);
  process.stdout.write(welcome(await application.getUrl(), application.get(Database)));
}

start().catch(exitWith);
