import { Command } from 'commander';
import { service } from '../../src/app.module';
import { addUserCommands } from '../../src/modules/users';
import { addLogCommands, addSubscriptionCommands, addVerifyCommand } from '../../src/operations';
import { addKeyCommands, addMigrateCommand } from '../../src/platform';

/** The commands of `src/cli.ts`; none of them does anything. */
export function commandTree(): Command {
  const program = new Command();
  const run = () => () => Promise.resolve();
  const groups = [
    addMigrateCommand,
    addVerifyCommand,
    addSubscriptionCommands,
    addUserCommands,
    addLogCommands,
  ];
  for (const add of [...groups, addKeyCommands(service.roles)]) add(program, run);
  return program;
}
