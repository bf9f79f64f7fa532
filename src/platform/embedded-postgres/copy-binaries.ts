import {
  access,
  chmod,
  constants,
  copyFile,
  mkdir,
  readdir,
  readlink,
  rename,
  symlink,
} from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { hasCode } from './embedded-postgres-error';
import type { PackageBinaries } from './package-binaries';
import { withStaging } from './staging';

/**
 * The copy of the binaries in the runtime directory, made when missing and kept for the next start. Two
 * processes may do this at once: each copies for itself and the first rename wins.
 */
export async function copiedBinaries(source: PackageBinaries, runtime: string): Promise<string> {
  const copy = join(runtime, `binaries-${source.version}-${process.platform}-${process.arch}`);
  const isThere = await access(copy).then(
    () => true,
    () => false,
  );
  if (!isThere) await withStaging(runtime, (staging) => fill(source, staging, copy));
  return copy;
}

async function fill(source: PackageBinaries, staging: string, copy: string): Promise<void> {
  const whole = join(staging, 'whole');
  await copyTree(source.directory, whole);
  for (const link of source.links) await makeLink(join(whole, link.source), join(whole, link.target));
  await rename(whole, copy).catch((error: unknown) => {
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
  });
}

/** Everybody may read the copy whatever the modes of the original; its owner is this process's user. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to);
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyTree(source, target);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else await copyFileReadable(source, target);
  }
}

async function copyFileReadable(source: string, target: string): Promise<void> {
  await copyFile(source, target, constants.COPYFILE_FICLONE);
  await chmod(target, basename(dirname(target)) === 'bin' ? 0o755 : 0o644);
}

async function makeLink(source: string, target: string): Promise<void> {
  await symlink(relative(dirname(target), source), target).catch((error: unknown) => {
    if (!hasCode(error, 'EEXIST')) throw error;
  });
}
