import { InvalidArgumentError, Option } from 'commander';
import type { AddCommands } from '../../../platform/cli';
import { exportUsers } from './export-users';
import { importUsers } from './import-users';
import { type MappedColumn, members } from './people-file/columns';
import { encodings } from './people-file/file-head';
import { formats } from './people-file/people-file';

/** `users import` and `users export`. */
export const addUserCommands: AddCommands = (program, run) => {
  const users = program.command('users').description('import and export users');
  users
    .command('import <file>')
    .description(
      'create a user for every line of a CSV file (columns name, email, and if you like userId, isActive), or of an NDJSON ' +
        'file as `users export` writes it (createdAt, updatedAt and version are passed over). - is the standard input.',
    )
    .addOption(new Option('--format <format>', 'default: by the ending of the name').choices(formats))
    .addOption(
      new Option('--encoding <name>', 'default: by the byte order mark, else utf-8').choices(encodings),
    )
    .option(
      '--map <column=member>',
      'the column of the CSV file that gives a member: name, email, userId, isActive; repeat it for each; with none behind ' +
        'the sign, the column does not count',
      mappedColumn,
      [],
    )
    .action(run(importUsers));
  users.command('export').description('print all users as NDJSON').action(run(exportUsers));
};

function mappedColumn(text: string, earlier: readonly MappedColumn[]): readonly MappedColumn[] {
  const at = text.lastIndexOf('=');
  const [column, member] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  if (at < 1 || (member !== '' && !members.some((known) => known === member)))
    throw new InvalidArgumentError(`Write it as <column>=<member>. Members are: ${members.join(', ')}.`);
  return [...earlier, { column, member }];
}
