import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule, service } from './app.module';
import { startFor } from './event-sourcing';
import { addUserCommands } from './modules/users';
import {
  addLogCommands,
  addSubscriptionCommands,
  addVerifyCommand,
  mendOf,
  mendOfFailure,
} from './operations';
import { addKeyCommands, addMigrateCommand, Database, exitWith, readEnvironment } from './platform';
import { CommandLineLogger, runCommandLine } from './platform/cli';

runCommandLine(process.argv, {
  description: 'Operate the Annals service: its log, its read models, its users.',
  invocation: () => 'npm run cli --',
  commands: [
    addMigrateCommand,
    addVerifyCommand,
    addSubscriptionCommands,
    addUserCommands,
    addLogCommands,
    addKeyCommands(service.roles),
  ],
  mendOfFailure,
  startApplication: async () => {
    const logger = new CommandLineLogger();
    Logger.overrideLogger(logger);
    const database = await Database.open(await readEnvironment(), { join: true });
    const options = { abortOnError: false, logger };
    const module = AppModule.forRoot({ database });
    const start = () => NestFactory.createApplicationContext(module, options);
    const application = await startFor('commands', start);
    return {
      application,
      stop: async () => {
        await application.close();
        await database.stop();
      },
    };
  },
}).then(
  (code) => process.exit(code),
  (error: unknown) => exitWith(error, mendOf(error)),
);
