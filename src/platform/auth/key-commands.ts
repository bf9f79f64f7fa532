import { randomBytes } from 'node:crypto';
import { Option } from 'commander';
import {
  type ApiKeyEntry,
  formatEntry,
  newApiKey,
  parseApiKeys,
  problemOfEntry,
  problemOfRoles,
  sha256Of,
} from './api-key';
import { addToKeysFile, isMissing, KeysFileError, readKeysFile, removeFromKeysFile } from './keys-file';
import type { DeclaredRoles, Role } from './roles';
import { readEnvironment } from '../config/read-environment';
import { AddCommands, CommandContext } from '../cli/command-line';
import { table } from '../cli/table';

interface CreateOptions {
  readonly role: readonly Role[];
  readonly subject?: string;
  readonly id?: string;
  readonly entry?: boolean;
}

/** `keys create|revoke|list`: API keys, in the file of `API_KEYS_FILE`. */
export const addKeyCommands =
  (roles: DeclaredRoles): AddCommands =>
  (program, run) => {
    const keys = program.command('keys').description('make and revoke API keys');
    keys
      .command('create')
      .description('make an API key and print it: it is shown this once, and kept as its SHA-256 only')
      .addOption(
        new Option('--role <role...>', 'what its bearer may do').choices(roles.names).makeOptionMandatory(),
      )
      .option('--subject <id>', 'the id of the bearer itself, for roles that reach only its own')
      .option('--id <id>', 'how it is named in events and lists (default: a random one)')
      .option('--entry', 'change no file, and print the entry for API_KEYS too')
      .action(run((context, options: CreateOptions) => createKey(context, options, roles)));
    keys
      .command('revoke <id>')
      .description('take an API key away; a running service refuses it within a second')
      .action(run(revokeKey));
    keys.command('list').description('list the API keys').action(run(listKeys));
  };

async function createKey(
  { output }: CommandContext,
  options: CreateOptions,
  roles: DeclaredRoles,
): Promise<boolean> {
  const apiKey = newApiKey();
  const entry: ApiKeyEntry = {
    id: options.id ?? `k-${randomBytes(6).toString('hex')}`,
    roles: [...new Set(options.role)],
    sha256: sha256Of(apiKey),
    subject: options.subject,
  };
  const problem = problemOfEntry(entry) ?? problemOfRoles(entry, roles);
  if (problem !== undefined) {
    output.complain({ error: problem }, `No key was made: ${problem}.`);
    return false;
  }
  const line = formatEntry(entry);
  if (options.entry) {
    output.print({ ...entry, apiKey, entry: line }, `API key ${entry.id}: ${apiKey}\nFor API_KEYS: ${line}`);
    return true;
  }
  const path = await keysFile();
  if (await isOfVariable(entry.id))
    throw new KeysFileError(`API_KEYS has a key "${entry.id}" already. Give the new one another id.`);
  await addToKeysFile(path, entry);
  output.print({ ...entry, apiKey }, `API key ${entry.id}: ${apiKey}`);
  return true;
}

async function revokeKey({ output }: CommandContext, id: string): Promise<boolean> {
  const path = await keysFile();
  const isRevoked = await removeFromKeysFile(path, id).catch((error: unknown) => {
    if (isMissing(error)) return false;
    throw error;
  });
  if (isRevoked) output.print({ revoked: id }, `Revoked ${id}.`);
  else output.complain({ error: 'no such key', id }, `There is no key "${id}" in ${path}.`);
  const isLeft = await isOfVariable(id);
  if (isLeft) {
    const mend = `API_KEYS has a key "${id}", and it stays valid: take it out of the variable, and restart the service.`;
    output.complain({ error: 'still valid', id }, mend);
  }
  return isRevoked && !isLeft;
}

/** Whether `API_KEYS`, which no command can change, has a key of this id. */
async function isOfVariable(id: string): Promise<boolean> {
  const { API_KEYS } = await readEnvironment();
  return parseApiKeys(API_KEYS ?? '').some((entry) => entry.id === id);
}

async function listKeys({ output }: CommandContext): Promise<boolean> {
  const { API_KEYS, API_KEYS_FILE } = await readEnvironment();
  const file = API_KEYS_FILE === undefined ? undefined : await readKeysFile(API_KEYS_FILE);
  const keys = [
    ...(file?.entries ?? []).map((entry) => ({ ...entry, from: 'API_KEYS_FILE' })),
    ...parseApiKeys(API_KEYS ?? '').map((entry) => ({ ...entry, from: 'API_KEYS' })),
  ];
  const rows = keys.map(({ id, roles: its, subject, from }) => [id, its.join(', '), subject ?? '-', from]);
  output.print(
    keys.map(({ id, roles: its, subject, from }) => ({ id, roles: its, subject, from })),
    table(['id', 'roles', 'subject', 'from'], rows),
  );
  const problems = file?.problems ?? [];
  for (const { message } of problems)
    output.complain({ problem: message }, `${API_KEYS_FILE} cannot be read in part: ${message}`);
  return problems.length === 0;
}

async function keysFile(): Promise<string> {
  const { API_KEYS_FILE } = await readEnvironment();
  if (API_KEYS_FILE !== undefined) return API_KEYS_FILE;
  throw new KeysFileError(
    'API_KEYS_FILE is not set. Set it to the file for the keys; "keys create" makes it.',
  );
}
