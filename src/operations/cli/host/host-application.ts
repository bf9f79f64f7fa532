import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { startFor, type StartPurpose } from '../../../event-sourcing';
import { CommandLineLogger, type StartedApplication } from '../../../platform/cli';
import { findModule } from './find-module';

export interface HostOptions {
  /** The compiled file of the application's root module. */
  readonly app: string;
  readonly export?: string;
}

/** Starts the application of the host, without HTTP and without subscriptions, on the database that the application itself names. */
export async function startHostApplication(
  { app, export: exportName }: HostOptions,
  purpose: StartPurpose = 'commands',
): Promise<StartedApplication> {
  const logger = new CommandLineLogger();
  Logger.overrideLogger(logger);
  const module = await findModule(app, exportName);
  const application = await startFor(purpose, () =>
    NestFactory.createApplicationContext(module, { abortOnError: false, logger }),
  );
  return { application, stop: () => application.close() };
}
