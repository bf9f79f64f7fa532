import { readFile } from 'node:fs/promises';
import { type ApiKeyEntry, ApiKeyEntryError, parseEntry } from './api-key';
import { within } from './within';

/** How long the storage may take. */
const readTimeoutMs = 10_000;

export interface KeysFileContent {
  readonly entries: readonly ApiKeyEntry[];
  readonly problems: readonly string[];
}

/**
 * What a file of keys holds: an entry a line; `#` begins a comment. Each line that cannot be read is a problem, and so is a
 * second line with the id of an earlier one: an id names one key.
 */
export async function readKeysFile(path: string): Promise<KeysFileContent> {
  const entries = new Map<string, ApiKeyEntry>();
  const problems: string[] = [];
  const lines = (await within(readTimeoutMs, readFile(path, 'utf8'))).split('\n').map((line) => line.trim());
  for (const [index, text] of lines.entries()) {
    if (text === '' || text.startsWith('#')) continue;
    try {
      const entry = parseEntry(text, `line ${index + 1}`);
      if (entries.has(entry.id))
        throw new ApiKeyEntryError(`line ${index + 1}`, 'an earlier line has this id');
      entries.set(entry.id, entry);
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  return { entries: [...entries.values()], problems };
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
