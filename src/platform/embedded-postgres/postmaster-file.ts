import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface PostmasterFile {
  readonly pid: number;
  readonly port: number;
  /** `starting`, `ready`, `standby` or `stopping`; empty while the file is being written. */
  readonly status: string;
}

/** What a running server says about itself. The file of a killed server stays: pid and status may be stale. */
export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const lines = text.split('\n');
  return { pid: Number(lines[0]), port: Number(lines[3]), status: (lines[7] ?? '').trim() };
}

/** A standby counts: it answers reads and never reports `ready`. */
export async function isReady(cluster: string, pid: number | undefined): Promise<boolean> {
  const file = await readPostmasterFile(cluster);
  return file !== undefined && file.pid === pid && ['ready', 'standby'].includes(file.status);
}
