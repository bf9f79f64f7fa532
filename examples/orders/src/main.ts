import 'reflect-metadata';
import { migrateEventSourcing } from '@annals/nestjs';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { connectionString } from './database.js';

async function start(): Promise<void> {
  await migrateEventSourcing({ connection: { connectionString } });
  const application = await NestFactory.create(AppModule);
  application.enableShutdownHooks();
  await application.listen(process.env.PORT ?? 3000, '127.0.0.1');
  console.log(`The shop listens on ${await application.getUrl()}`);
}

void start();
