import 'reflect-metadata';
import { ConsoleLogger, Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule, service } from './app.module';
import { addUserCommands } from './modules/users';
import {
  addLogCommands,
  addSubscriptionCommands,
  addVerifyCommand,
  mendOf,
  mendOfFailure,
} from './operations';
import { addKeyCommands, addMigrateCommand, Database, exitWith, readEnvironment } from './platform';
import { runCommandLine } from './platform/cli';

/** Only what goes wrong is logged, and to standard error: standard output is for results. */
class CommandLineLogger extends ConsoleLogger {
  constructor() {
    super({ logLevels: ['warn', 'error', 'fatal'], forceConsole: true });
  }

  override warn(...given: Parameters<ConsoleLogger['error']>): void {
    this.error(...given);
  }
}

runCommandLine(process.argv, {
  description: 'Operate the Annals service: its log, its read models, its users.',
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
    const module = AppModule.forRoot({ database, subscriptions: false });
    const application = await NestFactory.createApplicationContext(module, options);
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
