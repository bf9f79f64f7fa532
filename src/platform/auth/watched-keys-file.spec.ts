import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { formatEntry, newApiKey, sha256Of } from './api-key';
import { KeysUnavailableError } from './auth-errors';
import { WatchedKeysFile } from './watched-keys-file';

const content = formatEntry({ id: 'a', roles: ['admin'], sha256: sha256Of(newApiKey()) });

let folder: string;
let path: string;
let complaints: jest.SpyInstance;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keys-'));
  path = join(folder, 'keys');
  writeFileSync(path, content);
  complaints = jest.spyOn(Logger.prototype, 'error').mockImplementation();
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** A file whose content is read again each time. */
const watched = (grace: number, timeout = 50) =>
  new WatchedKeysFile(path, { readAgainAfter: 0, timeout, grace, complainAgainAfter: 0 });

const ids = async (file: WatchedKeysFile) => (await file.entries()).map(({ id }) => id);

/** What a read that hangs does: nobody writes into the pipe, so that it is never open. */
function makePipe(): void {
  rmSync(path);
  execFileSync('mkfifo', [path]);
}

/** Lets the reads that hang end: to open both sides of a pipe at once waits for nobody. */
function endPipe(): void {
  closeSync(openSync(path, 'r+'));
}

describe('the keys of a file', () => {
  it('are none when the file is gone, and are there again when it is', async () => {
    const file = watched(0);
    expect(await ids(file)).toEqual(['a']);
    rmSync(path);
    expect(await ids(file)).toEqual([]);
    writeFileSync(path, content);
    expect(await ids(file)).toEqual(['a']);
  });

  it('are not trusted when the file cannot be read any more, until it can; that is said each time', async () => {
    const file = watched(60_000);
    expect(await ids(file)).toEqual(['a']);
    rmSync(path);
    mkdirSync(path);
    for (let turn = 0; turn < 3; turn++) await expect(file.entries()).rejects.toThrow(KeysUnavailableError);
    expect(complaints.mock.calls.length).toBeGreaterThanOrEqual(2);
    rmSync(path, { recursive: true });
    writeFileSync(path, content);
    expect(await ids(file)).toEqual(['a']);
  });

  it('serve for a while when the storage hangs, and are not trusted after that', async () => {
    const patient = watched(60_000);
    const strict = watched(0);
    for (const file of [patient, strict]) expect(await ids(file)).toEqual(['a']);
    makePipe();
    try {
      expect(await ids(patient)).toEqual(['a']);
      expect(await ids(patient)).toEqual(['a']);
      await delay(1);
      await expect(strict.entries()).rejects.toThrow(KeysUnavailableError);
    } finally {
      endPipe();
    }
  });

  it('are not trusted when the storage hangs from the start', async () => {
    makePipe();
    const file = watched(60_000);
    await delay(1);
    try {
      await expect(file.entries()).rejects.toThrow(KeysUnavailableError);
    } finally {
      endPipe();
    }
  });
});
