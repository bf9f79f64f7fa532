import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { clusterUrl } from './cluster-url';
import { keptPassword } from './password';
import { readPostmasterFile } from './postmaster-file';

/**
 * The URL of the embedded Postgres that another process of this machine runs on this data directory; undefined when
 * none does.
 */
export async function runningEmbeddedPostgres(directory: string): Promise<string | undefined> {
  const dataDir = await realpath(directory).catch(() => undefined);
  if (dataDir === undefined) return undefined;
  const file = await readPostmasterFile(join(dataDir, 'postgres'));
  if (file?.status !== 'ready' || !isAlive(file.pid)) return undefined;
  return clusterUrl(await keptPassword(dataDir), file.port);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
