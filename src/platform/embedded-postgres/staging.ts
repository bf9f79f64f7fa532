import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const prefix = '.staging-';
const abandonedAfterMs = 3_600_000;

/**
 * Runs `work` with a folder of its own beside the thing it makes, so that one rename publishes the whole.
 * The folder is always removed; what a killed process left behind goes an hour later.
 */
export async function withStaging<T>(parent: string, work: (staging: string) => Promise<T>): Promise<T> {
  await removeAbandoned(parent);
  const staging = await mkdtemp(join(parent, prefix));
  try {
    return await work(staging);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function removeAbandoned(parent: string): Promise<void> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(prefix));
  for (const path of names.map((name) => join(parent, name))) {
    const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (age > abandonedAfterMs) await rm(path, { recursive: true, force: true });
  }
}
