import { join } from 'node:path';
import type { Account } from './account';
import { copiedBinaries } from './copy-binaries';
import { EmbeddedPostgresError, useAnotherServer } from './embedded-postgres-error';
import { hasAllLinks, packageBinaries } from './package-binaries';
import { runAs } from './run-as';
import { runtimeDirectory } from './runtime-directory';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The major version, as a cluster's PG_VERSION has it. */
  readonly major: string;
}

/** The installed binaries where the account can run them as they are, else a copy that it can run. */
export async function usableBinaries(account: Account, runtimeDir?: string): Promise<Binaries> {
  const installed = await packageBinaries();
  const inPlace = await probe(installed.directory, account);
  if (typeof inPlace !== 'string' && (await hasAllLinks(installed))) return inPlace;

  const copy = await copiedBinaries(installed, await runtimeDirectory(account, runtimeDir));
  const copied = await probe(copy, account);
  if (typeof copied !== 'string') return copied;
  throw new EmbeddedPostgresError(
    `The Postgres binaries in ${copy} do not run as ${account.name}: ${copied}`,
    `Remove that folder and start again. On Alpine and other systems without glibc: ${useAnotherServer}`,
  );
}

/** The binaries, or why they do not run: a folder that cannot be entered, a library that is not found. */
async function probe(directory: string, account: Account): Promise<Binaries | string> {
  const postgres = join(directory, 'bin', 'postgres');
  const answer = await runAs(account, [postgres, '--version']);
  const major = /PostgreSQL\) (\d+)/.exec(answer.stdout)?.[1];
  if (!answer.ok || !major) return answer.problem;
  return { initdb: join(directory, 'bin', 'initdb'), postgres, major };
}
