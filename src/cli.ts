import 'reflect-metadata';
import { ConsoleLogger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module';
import { addUserCommands } from './modules/users';
import { addDatabaseCommands, addLogCommands, Database, exitWith, runCommandLine } from './platform';

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
  commands: [addDatabaseCommands, addUserCommands, addLogCommands],
  startApplication: () =>
    NestFactory.createApplicationContext(AppModule.forRoot({ commandLine: true }), {
      abortOnError: false,
      logger: new CommandLineLogger(),
    }),
  stopApplication: async (application) => {
    const database = application.get(Database);
    await application.close();
    await database.stop();
  },
}).then((code) => process.exit(code), exitWith);
