import { mkdir, realpath } from 'node:fs/promises';
import { type Account, databaseAccount } from './account';
import { type Binaries, usableBinaries } from './binaries';
import { acceptCluster, type Cluster, findCluster, isEmpty } from './cluster';
import { clusterUrl } from './cluster-url';
import { createCluster } from './create-cluster';
import { EmbeddedPostgresError, explained } from './embedded-postgres-error';
import { keptPassword, newPassword } from './password';
import { canEnter } from './run-as';
import { runtimeDirectory } from './runtime-directory';
import type { RunningServer } from './server-attempt';
import { startServer } from './start-server';

export { EmbeddedPostgresError } from './embedded-postgres-error';

export interface EmbeddedPostgresOptions {
  /** Where `postgres/` (the cluster), its password and its log are kept; made when missing. */
  readonly dataDir: string;
  /** Server settings, as in postgresql.conf: { fsync: 'off' }. */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * Where things go that the database's account cannot reach: a copy of the binaries, the cluster itself.
   * Only this user may write it. Default: /var/lib/annals for root, ~/.cache/annals for others.
   */
  readonly runtimeDir?: string;
}

export interface EmbeddedPostgres {
  /** postgres://annals_admin:<password>@127.0.0.1:<port>/annals; the role is a superuser. */
  readonly url: string;
  /** The real place of the cluster. */
  readonly dataDir: string;
  /** The postmaster's. */
  readonly pid: number;
  readonly port: number;
  /** Fast shutdown; idempotent; resolves when the postmaster is gone. */
  stop(): Promise<void>;
}

/**
 * Starts the Postgres that npm installed. It ends with this process, however this process ends. Rejects
 * with an EmbeddedPostgresError only. Limit: two containers that share one data directory do not see each
 * other's pids, and Postgres cannot keep them apart.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  try {
    return await start(options);
  } catch (error) {
    throw explained(error);
  }
}

async function start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  await mkdir(options.dataDir, { recursive: true });
  const dataDir = await realpath(options.dataDir);
  const found = await findCluster(dataDir);
  const account = await databaseAccount(found?.owner);
  const binaries = await usableBinaries(account, options.runtimeDir);

  if (!found || (await isEmpty(found))) await makeCluster({ ...options, dataDir }, account, binaries);
  const cluster = await acceptedCluster(dataDir, account, binaries);
  const password = await keptPassword(dataDir);
  const { postgres } = binaries;
  const plan = { postgres, account, cluster: cluster.path, dataDir, settings: options.settings ?? {} };
  return running(await startServer(plan), cluster, password);
}

async function makeCluster(
  { dataDir, settings, runtimeDir }: EmbeddedPostgresOptions,
  account: Account,
  binaries: Binaries,
): Promise<void> {
  const inPlace = await canEnter(account, dataDir);
  const parent = inPlace ? dataDir : await runtimeDirectory(account, runtimeDir);
  const password = await newPassword(dataDir);
  const fsync = settings?.fsync !== 'off';
  await createCluster({ dataDir, parent, account, binaries, password, fsync });
}

async function acceptedCluster(dataDir: string, account: Account, binaries: Binaries): Promise<Cluster> {
  const cluster = await findCluster(dataDir);
  if (!cluster) throw new EmbeddedPostgresError(`${dataDir} lost its cluster.`, 'Start again.');
  await acceptCluster(cluster, account, binaries.major);
  return cluster;
}

function running(
  { pid, port, watchdog }: RunningServer,
  cluster: Cluster,
  password: string,
): EmbeddedPostgres {
  watchdog.release();
  let stopped: Promise<void> | undefined;
  return {
    url: clusterUrl(password, port),
    dataDir: cluster.path,
    pid,
    port,
    stop: () => (stopped ??= watchdog.stop()),
  };
}
