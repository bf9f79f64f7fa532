import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { type ApiKeyEntry, ApiKeyEntryError, formatEntry, parseEntry } from './api-key';

/** A line of a keys file: an entry, a comment or blank line, or one that cannot be read. */
interface Line {
  readonly text: string;
  readonly entry?: ApiKeyEntry;
  readonly problem?: ApiKeyEntryError;
}

/** The keys file cannot be used; the message ends with what to do. */
export class KeysFileError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'KeysFileError';
  }
}

export interface KeysFileContent {
  readonly entries: readonly ApiKeyEntry[];
  readonly problems: readonly ApiKeyEntryError[];
}

/** What the file holds: an entry a line; `#` begins a comment. Lines that cannot be read are no keys. */
export async function readKeysFile(path: string): Promise<KeysFileContent> {
  const lines = await readLines(path);
  return {
    entries: lines.flatMap(({ entry }) => entry ?? []),
    problems: lines.flatMap(({ problem }) => problem ?? []),
  };
}

/** Adds a key. The file is made when there is none, readable by its owner only. @throws KeysFileError */
export async function addToKeysFile(path: string, entry: ApiKeyEntry): Promise<void> {
  await change(path, (lines) => {
    if (lines.some((line) => line.entry?.id === entry.id))
      throw new KeysFileError(`There is a key "${entry.id}" already. Give the new one another id.`);
    return [...lines, { text: formatEntry(entry), entry }];
  });
}

/** Takes a key away. Resolves with false when there is none with this id. @throws KeysFileError */
export async function removeFromKeysFile(path: string, id: string): Promise<boolean> {
  let isFound = false;
  await change(path, (lines) => {
    const kept = lines.filter((line) => line.entry?.id !== id);
    isFound = kept.length < lines.length;
    return kept;
  });
  return isFound;
}

async function readLines(path: string): Promise<readonly Line[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').map((line) => line.trim());
  if (lines.at(-1) === '') lines.pop();
  return lines.map((text, index) => lineOf(text, `line ${index + 1}`));
}

function lineOf(text: string, where: string): Line {
  if (text === '' || text.startsWith('#')) return { text };
  try {
    return { text, entry: parseEntry(text, where) };
  } catch (error) {
    if (error instanceof ApiKeyEntryError) return { text, problem: error };
    throw error;
  }
}

/**
 * One change at a time, and readers see the file before or after it, never in between: the new content is written beside
 * the file, where it also keeps other writers out, and then takes its place.
 */
async function change(path: string, next: (lines: readonly Line[]) => readonly Line[]): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, 'wx', 0o600).catch((error: unknown) => {
    throw cannotWrite(draft, error);
  });
  try {
    const mode = await modeOf(path);
    if (mode !== undefined) await file.chmod(mode);
    const lines = mode === undefined ? [] : await readLines(path);
    await file.writeFile(
      next(lines)
        .map(({ text }) => `${text}\n`)
        .join(''),
    );
    await file.sync();
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode & 0o777;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function cannotWrite(draft: string, error: unknown): KeysFileError {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'EEXIST'
    ? new KeysFileError(
        `Another command is changing the keys. If none is, one was broken off: remove ${draft}.`,
        error,
      )
    : new KeysFileError(
        `The keys file cannot be written: ${message}. Check that its folder exists and may be written to.`,
        error,
      );
}
