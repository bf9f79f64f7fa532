import type { AddCommands } from '../../../platform';
import { exportUsers } from './export-users';
import { importUsers } from './import-users';

/** `users import` and `users export`. */
export const addUserCommands: AddCommands = (program, run) => {
  const users = program.command('users').description('import and export users');
  users
    .command('import <file>')
    .description('create a user for every line of a .csv (header: name,email[,userId]) or .ndjson file')
    .action(run(importUsers));
  users.command('export').description('print all users as NDJSON').action(run(exportUsers));
};
