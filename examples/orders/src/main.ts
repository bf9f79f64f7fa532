import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

async function start(): Promise<void> {
  const application = await NestFactory.create(AppModule);
  application.enableShutdownHooks();
  await application.listen(process.env.PORT ?? 3000, '127.0.0.1');
  console.log(`The shop listens on ${await application.getUrl()}`);
}

void start();
