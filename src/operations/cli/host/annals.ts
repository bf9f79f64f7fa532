#!/usr/bin/env node
import 'reflect-metadata';
import { runCommandLine, visible, type AddCommands } from '../../../platform/cli';
import { addLogCommands } from '../log-commands';
import { addSubscriptionCommands } from '../subscription-commands';
import { addVerifyCommand } from '../verify-command';
import { addMigrateCommand } from './migrate-command';
import { type HostOptions, startHostApplication } from './host-application';

/** The program `annals` of the package: the commands of operators, on the application of a host. */
const addHostOptions: AddCommands = (program) => {
  program
    .requiredOption('--app <file>', 'the compiled file of the root module: dist/app.module.js')
    .option(
      '--export <name>',
      'the export that is the root module (default: the default one, or the only module)',
    );
};

function fail(error: unknown): never {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(visible(`${name}: ${message}\n`));
  process.exit(1);
}

runCommandLine(process.argv, {
  description: 'Operate the event log, the read models and the durable handlers of an application.',
  invocation: ({ app }) => `npx annals --app ${app}`,
  commands: [addHostOptions, addMigrateCommand, addVerifyCommand, addSubscriptionCommands, addLogCommands],
  startApplication: (options) => startHostApplication(options as HostOptions),
}).then((code) => process.exit(code), fail);
