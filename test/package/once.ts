import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A folder outside the repository that is made once, whichever test file asks first; the other ones wait for it. The name
 * tells what is in it, so a folder of an earlier run with the same content serves again.
 */
export async function madeOnce(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(tmpdir(), `annals-package-${userInfo().uid}`, name);
  await mkdir(dirname(folder), { recursive: true });
  while (!existsSync(folder)) {
    if (await isTaken(`${folder}.lock`)) await delay(200);
    else await makeAlone(folder, make);
  }
  return folder;
}

async function makeAlone(folder: string, make: (folder: string) => Promise<void>): Promise<void> {
  const unfinished = `${folder}.unfinished`;
  try {
    if (existsSync(folder)) return;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished);
    await make(unfinished);
    await rename(unfinished, folder);
  } finally {
    await rm(`${folder}.lock`, { force: true });
  }
}

/** Whether another process holds the lock; if none did, this one holds it now. */
async function isTaken(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' });
    return false;
  } catch {
    if (!(await isHeld(lock))) await rm(lock, { force: true });
    return true;
  }
}

async function isHeld(lock: string): Promise<boolean> {
  const pid = Number(await readFile(lock, 'utf8').catch(() => '0'));
  // Between its making and its first byte a lock names no process.
  if (pid === 0) return true;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
