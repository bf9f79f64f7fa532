import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Account, type Identity, ownUid } from './account';
import { EmbeddedPostgresError, hasCode } from './embedded-postgres-error';
import { canEnter, runAs } from './run-as';

export interface Cluster {
  /** The real place: `<dataDir>/postgres` may be a link to it. */
  readonly path: string;
  readonly owner: Identity;
}

const another = 'set DATA_DIR to another folder.';

export function clusterName(dataDir: string): string {
  return join(dataDir, 'postgres');
}

/** The cluster of a data directory, or undefined when a first start has yet to make one. */
export async function findCluster(dataDir: string): Promise<Cluster | undefined> {
  const name = clusterName(dataDir);
  const present = await lstat(name).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error;
  });
  if (!present) return undefined;
  const path = await realpath(name).catch((cause: unknown) => {
    const problem = `${name} is a link to a cluster that cannot be found.`;
    throw new EmbeddedPostgresError(
      problem,
      `Put the cluster back, remove the link to start with an empty one, or ${another}`,
      {
        cause,
      },
    );
  });
  const { uid, gid } = await stat(path);
  return { path, owner: { uid, gid } };
}

/** Whether a folder is there but nothing in it, as with a volume prepared for the cluster. */
export async function isEmpty({ path }: Cluster): Promise<boolean> {
  return (await readdir(path).catch(() => ['?'])).length === 0;
}

/** Refuses what these binaries or this account cannot open; gives a cluster of root's to the account. */
export async function acceptCluster(
  { path, owner }: Cluster,
  account: Account,
  major: string,
): Promise<void> {
  const uid = account.identity?.uid ?? ownUid();
  if (owner.uid !== uid) await handOver({ path, owner }, account);
  if (!(await canEnter(account, path))) {
    const problem = `${account.name} runs the database and cannot enter ${path}.`;
    throw new EmbeddedPostgresError(problem, `Let it enter the folders above, or ${another}`);
  }
  const version = await readFile(join(path, 'PG_VERSION'), 'utf8').catch(() => '(unknown)');
  if (version.trim() === major) return;
  throw new EmbeddedPostgresError(
    `${path} holds a cluster of Postgres version ${version.trim()}; the embedded one is version ${major}.`,
    `Run it with a server of its own version and set DATABASE_URL, or ${another}`,
  );
}

async function handOver({ path, owner }: Cluster, account: Account): Promise<void> {
  if (!account.identity || owner.uid !== 0) {
    throw new EmbeddedPostgresError(
      `${path} belongs to uid ${owner.uid}, and ${account.name} cannot use it.`,
      `Start as that user or as root, or ${another}`,
    );
  }
  const { uid, gid } = account.identity;
  const changed = await runAs({ name: 'root' }, ['chown', '-hR', `${uid}:${gid}`, path]);
  if (changed.ok) return;
  throw new EmbeddedPostgresError(
    `${path} could not be given to ${account.name}: ${changed.problem}`,
    `Give it by hand, or ${another}`,
  );
}
