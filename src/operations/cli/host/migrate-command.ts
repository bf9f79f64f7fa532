import { migrateApplication } from '../../../event-sourcing';
import type { AddCommands } from '../../../platform/cli';
import { type HostOptions, startHostApplication } from './host-application';

/** `migrate`: the tables of the log in the database and the schema that the application itself names. */
export const addMigrateCommand: AddCommands = (program, run) => {
  program
    .command('migrate')
    .description('make the tables of the log, or bring them up to the installed version')
    .action(
      run(async ({ output }) => {
        const { application, stop } = await startHostApplication(program.opts<HostOptions>(), 'migration');
        try {
          const done = await migrateApplication(application);
          output.print(
            { migrations: done },
            done.length === 0 ? 'Nothing to do.' : `Done: ${done.join(', ')}`,
          );
        } finally {
          await stop();
        }
      }),
    );
};
