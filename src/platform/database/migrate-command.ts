import type { AddCommands, CommandContext } from '../cli/command-line';
import { readEnvironment } from '../config/read-environment';
import { Database, startError } from './database';

/** `migrate`. */
export const addMigrateCommand: AddCommands = (program, run) => {
  program
    .command('migrate')
    .description('run the migrations that have not run yet')
    .action(run(runMigrations));
};

async function runMigrations({ output }: CommandContext): Promise<void> {
  const database = await Database.find(await readEnvironment(), { join: true });
  try {
    const done = await database.migrate().catch((error: unknown) => Promise.reject(startError(error)));
    output.print({ migrations: done }, done.length === 0 ? 'Nothing to do.' : `Done: ${done.join(', ')}`);
  } finally {
    await database.stop();
  }
}
