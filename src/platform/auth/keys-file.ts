import type { Stats } from 'node:fs';
import { type FileHandle, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
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

/**
 * What the file holds: an entry a line; `#` begins a comment. Lines that cannot be read are no keys, and neither is a second
 * line with the id of an earlier one: an id names one key.
 */
export async function readKeysFile(path: string): Promise<KeysFileContent> {
  const entries = new Map<string, ApiKeyEntry>();
  const problems: ApiKeyEntryError[] = [];
  for (const [index, { entry, problem }] of (await readLines(path)).entries()) {
    if (problem) problems.push(problem);
    else if (entry && entries.has(entry.id))
      problems.push(new ApiKeyEntryError(`line ${index + 1}`, 'an earlier line has this id'));
    else if (entry) entries.set(entry.id, entry);
  }
  return { entries: [...entries.values()], problems };
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
async function change(given: string, next: (lines: readonly Line[]) => readonly Line[]): Promise<void> {
  const path = await target(given);
  const draft = `${path}.new`;
  const file = await open(draft, 'wx', 0o600).catch((error: unknown) => {
    throw cannotWrite(draft, error);
  });
  try {
    const found = await statOf(path);
    await giveTo(file, path, found);
    const lines = found === undefined ? [] : await readLines(path);
    await file.writeFile(
      next(lines)
        .map(({ text }) => `${text}\n`)
        .join(''),
    );
    await file.sync();
    await rename(draft, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** The file that a symbolic link names: the link stays, and the file behind it changes. */
async function target(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (isMissing(error)) return path;
    throw cannotWrite(path, error);
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * The draft is read by whoever could read the file before: it gets the owner, the group and the mode of the file. Of a new
 * file that root makes, the owner is that of its folder.
 * @throws KeysFileError when this account may not do that; then nothing has changed.
 */
async function giveTo(draft: FileHandle, path: string, found: Stats | undefined): Promise<void> {
  const own = await draft.stat();
  const isRoot = process.getuid?.() === 0;
  const { uid, gid } = found ?? (isRoot ? await stat(dirname(path)) : own);
  try {
    if (uid !== own.uid || gid !== own.gid) await draft.chown(uid, gid);
  } catch (error) {
    throw new KeysFileError(
      `The keys file belongs to the account ${uid} and the group ${gid}, and this account cannot give a changed file to ` +
        'them, so the service could not read it. Nothing was changed. Run the command as that account, or as root.',
      error,
    );
  }
  if (found) await draft.chmod(found.mode & 0o777);
}

/** So that a revoked key does not come back with a loss of power. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
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
