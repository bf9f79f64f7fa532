import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
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
import { knownForMs } from './api-keys';
import { KeyTable } from './key-table';
import type { DeclaredRoles, Role } from './roles';
import { Environment } from '../config/environment';
import { AddCommands, CommandContext } from '../cli/command-line';
import { table } from '../cli/table';

interface CreateOptions {
  readonly role: readonly Role[];
  readonly subject?: string;
  readonly id?: string;
  readonly entry?: boolean;
}

/** How long it takes until no process lets a revoked key in, in milliseconds. */
const revokedEverywhereMs = knownForMs + 100;

/** `keys create|revoke|list`: API keys, in the database. */
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
      .option('--entry', 'change nothing, and print the entry for API_KEYS or API_KEYS_FILE too')
      .action(run((context, options: CreateOptions) => createKey(context, options, roles)));
    keys
      .command('revoke <id>')
      .description('take an API key away; when the command ends, every process refuses it')
      .action(run(revokeKey));
    keys.command('list').description('list the API keys').action(run(listKeys));
  };

async function createKey(
  context: CommandContext,
  options: CreateOptions,
  roles: DeclaredRoles,
): Promise<boolean> {
  const { output } = context;
  const apiKey = newApiKey();
  const entry: ApiKeyEntry = {
    id: options.id ?? `k-${randomBytes(6).toString('hex')}`,
    roles: [...new Set(options.role)],
    sha256: sha256Of(apiKey),
    subject: options.subject,
  };
  const problem = problemOfEntry(entry) ?? problemOfRoles(entry, roles);
  if (problem === undefined && options.entry) {
    const line = formatEntry(entry);
    output.print({ ...entry, apiKey, entry: line }, `API key ${entry.id}: ${apiKey}\nIts entry: ${line}`);
    return true;
  }
  const refusal = problem ?? (await problemOfAdding(entry, await context.application()));
  if (refusal === undefined) output.print({ ...entry, apiKey }, `API key ${entry.id}: ${apiKey}`);
  else output.complain({ error: refusal }, `No key was made: ${refusal}.`);
  return refusal === undefined;
}

/** Adds the key; why that is not possible, when it is not. */
async function problemOfAdding(
  entry: ApiKeyEntry,
  application: INestApplicationContext,
): Promise<string | undefined> {
  if (isOfVariable(entry.id, application))
    return `API_KEYS has a key "${entry.id}" already: give the new one another id`;
  if (await application.get(KeyTable).add(entry)) return undefined;
  return `There is a key "${entry.id}" already, or was one: give the new one another id`;
}

async function revokeKey({ application, output }: CommandContext, id: string): Promise<boolean> {
  const app = await application();
  const isRevoked = await app.get(KeyTable).revoke(id);
  if (isRevoked) {
    await delay(revokedEverywhereMs);
    output.print({ revoked: id }, `Revoked ${id}.`);
  } else output.complain({ error: 'no such key', id }, `There is no key "${id}" in the database.`);
  const isLeft = isOfVariable(id, app);
  if (isLeft) {
    const mend = `API_KEYS has a key "${id}", and it stays valid: take it out of the variable, and restart the service.`;
    output.complain({ error: 'still valid', id }, mend);
  }
  return isRevoked && !isLeft;
}

/** Whether `API_KEYS`, which no command can change, has a key of this id. */
function isOfVariable(id: string, application: INestApplicationContext): boolean {
  const { API_KEYS } = application.get(Environment);
  return parseApiKeys(API_KEYS ?? '').some((entry) => entry.id === id);
}

async function listKeys({ application, output }: CommandContext): Promise<void> {
  const app = await application();
  const keys: readonly ListedKey[] = [
    ...(await app.get(KeyTable).all()).map((key) => ({ ...key, from: 'database' })),
    ...parseApiKeys(app.get(Environment).API_KEYS ?? '').map((key) => ({ ...key, from: 'API_KEYS' })),
  ];
  const rows = keys.map(({ id, roles, subject, from, createdAt, revokedAt }) => [
    ...[id, roles.join(', '), subject ?? '-', from],
    ...[createdAt, revokedAt].map((time) => time?.toISOString() ?? '-'),
  ]);
  output.print(
    keys.map(({ sha256: _kept, ...key }) => key),
    table(['id', 'roles', 'subject', 'from', 'created', 'revoked'], rows),
  );
}

interface ListedKey extends ApiKeyEntry {
  readonly from: string;
  readonly createdAt?: Date;
  readonly revokedAt?: Date | null;
}
