import { Logger } from '@nestjs/common';
import { Environment } from '../config/environment';
import { ConfigurationError } from '../config/validate-environment';
import { type ApiKeyEntry, parseApiKeys, problemOfRoles } from './api-key';
import type { KeyTable, StoredKey } from './key-table';
import { isMissing, type KeysFileContent, readKeysFile } from './keys-file';
import type { DeclaredRoles } from './roles';

/**
 * Brings the keys of `API_KEYS_FILE` into the table, as far as it does not have them. From then on the table decides: a key
 * that was revoked there stays revoked, whatever the file says.
 * @throws ConfigurationError
 */
export async function importKeysFile(
  { API_KEYS_FILE: path, API_KEYS }: Environment,
  roles: DeclaredRoles,
  table: KeyTable,
): Promise<void> {
  if (path === undefined) return;
  const { entries, problems } = await readFileAtStart(path);
  const ids = new Set(parseApiKeys(API_KEYS ?? '').map(({ id }) => id));
  const wrong = [
    ...problems.map((problem) => `API_KEYS_FILE must have keys in it: ${path}, ${problem}`),
    ...entries.flatMap((entry) => {
      const problem = problemOfRoles(entry, roles);
      return problem === undefined
        ? []
        : [`API_KEYS_FILE must have keys in it: ${path}, the key "${entry.id}": ${problem}`];
    }),
    ...entries
      .filter(({ id }) => ids.has(id))
      .map(({ id }) => `API_KEYS and API_KEYS_FILE both have a key "${id}": take one of them out`),
  ];
  if (wrong.length > 0) throw new ConfigurationError(wrong);
  await importEntries(entries, path, table);
}

async function readFileAtStart(path: string): Promise<KeysFileContent> {
  try {
    return await readKeysFile(path);
  } catch (error) {
    const mend =
      'take the variable away when the database has keys, or make the file of lines that "keys create --entry" prints';
    throw new ConfigurationError([
      isMissing(error)
        ? `API_KEYS_FILE is ${path}, which does not exist: ${mend}`
        : `API_KEYS_FILE must be a file that can be read: ${(error as Error).message}`,
    ]);
  }
}

async function importEntries(entries: readonly ApiKeyEntry[], path: string, table: KeyTable): Promise<void> {
  const logger = new Logger('ApiKeys');
  const problems: string[] = [];
  for (const entry of entries) {
    if (await table.add(entry)) {
      logger.log(`The key "${entry.id}" of ${path} is in the database now; the file needs it no longer.`);
      continue;
    }
    const stored = await table.withId(entry.id);
    if (!isSame(entry, stored))
      problems.push(
        `API_KEYS_FILE has a key "${entry.id}", and the database has another one of this id or this hash: take it out of the file`,
      );
    else if (stored?.revokedAt)
      logger.warn(`The key "${entry.id}" of ${path} was revoked, and stays so: take it out of the file.`);
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
}

function isSame(entry: ApiKeyEntry, stored: StoredKey | undefined): boolean {
  return (
    stored?.sha256 === entry.sha256 &&
    stored.subject === entry.subject &&
    [...stored.roles].sort().join() === [...entry.roles].sort().join()
  );
}
