import { randomBytes } from 'node:crypto';
import { chown, rename, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from './account';
import type { Binaries } from './binaries';
import { clusterName } from './cluster';
import { EmbeddedPostgresError, hasCode, useAnotherServer } from './embedded-postgres-error';
import { runAs } from './run-as';
import { withStaging } from './staging';

export interface NewCluster {
  readonly dataDir: string;
  /** Where the cluster is really kept: `dataDir`, or a runtime directory when the account cannot enter it. */
  readonly parent: string;
  readonly account: Account;
  readonly binaries: Binaries;
  readonly password: string;
  readonly fsync: boolean;
}

/** Makes a cluster with its database aside, then publishes it whole. When another start was first, theirs stays. */
export async function createCluster(order: NewCluster): Promise<void> {
  await withStaging(order.parent, async (staging) => {
    const [data, passwordFile] = [join(staging, 'data'), join(staging, 'password')];
    await writeFile(passwordFile, order.password, { mode: 0o600 });
    await give(order.account, staging, passwordFile);
    await initialise(order, data, passwordFile);
    await publish(order, data);
  });
}

async function initialise(
  { binaries, account, fsync }: NewCluster,
  data: string,
  passwordFile: string,
): Promise<void> {
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = ['--username=annals_admin', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  await succeed(account, [
    binaries.initdb,
    '-D',
    data,
    ...locale,
    ...access,
    ...(fsync ? [] : ['--no-sync']),
  ]);
  const options = ['-c', 'exit_on_error=on', '-c', `fsync=${fsync ? 'on' : 'off'}`];
  const single = [binaries.postgres, '--single', '-D', data, ...options, 'postgres'];
  await succeed(account, single, 'CREATE DATABASE annals\n');
}

async function publish({ dataDir, parent }: NewCluster, data: string): Promise<void> {
  const name = clusterName(dataDir);
  if (parent === dataDir) return unlessTaken(rename(data, name));
  const kept = join(parent, `cluster-${randomBytes(6).toString('hex')}`);
  await rename(data, kept);
  await rmdir(name).catch(() => undefined);
  await unlessTaken(symlink(kept, name), () => rm(kept, { recursive: true, force: true }));
}

async function unlessTaken(publishing: Promise<void>, otherwise?: () => Promise<void>): Promise<void> {
  await publishing.catch(async (error: unknown) => {
    if (!hasCode(error, 'EEXIST', 'ENOTEMPTY', 'ENOTDIR')) throw error;
    await otherwise?.();
  });
}

async function give({ identity }: Account, ...paths: string[]): Promise<void> {
  for (const path of identity ? paths : []) await chown(path, identity?.uid ?? -1, identity?.gid ?? -1);
}

async function succeed(account: Account, command: readonly string[], input?: string): Promise<void> {
  const { ok, problem } = await runAs(account, command, input);
  if (ok) return;
  throw new EmbeddedPostgresError(
    `The database could not be made as ${account.name}: ${problem}`,
    useAnotherServer,
  );
}
