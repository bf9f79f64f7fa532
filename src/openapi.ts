import 'reflect-metadata';
import { writeFile } from 'node:fs/promises';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule, service } from './app.module';
import { exitWith, openApiDocument, versionRoutes } from './platform';

/** Writes the OpenAPI document to the file of the argument. Starts nothing: a preview only reads the decorators. */
async function write([file = 'openapi.json']: readonly string[]): Promise<void> {
  const options = { preview: true, abortOnError: false, logger: false, bodyParser: false } as const;
  const module = AppModule.forRoot({ database: { url: '' } as never });
  const application = await NestFactory.create<NestExpressApplication>(module, options);
  versionRoutes(application);
  await writeFile(file, `${JSON.stringify(openApiDocument(application, service), null, 2)}\n`);
}

write(process.argv.slice(2)).catch(exitWith);
