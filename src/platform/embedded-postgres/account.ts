import { readFile } from 'node:fs/promises';
import { EmbeddedPostgresError, useAnotherServer } from './embedded-postgres-error';

export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** The account that the database runs as. Without an identity: the one that this process runs as. */
export interface Account {
  readonly name: string;
  readonly identity?: Identity;
}

/** In order of preference. initdb refuses an account that /etc/passwd does not know. */
const candidates = ['postgres', '_postgres', 'nobody', 'daemon'];

export function ownUid(): number {
  return process.geteuid?.() ?? -1;
}

/**
 * Postgres refuses to run as root, so root lends it another account: the owner of the cluster, so that a
 * cluster made by an ordinary user stays theirs, else the first candidate that this machine has.
 */
export async function databaseAccount(clusterOwner?: Identity): Promise<Account> {
  if (ownUid() !== 0) return { name: `uid ${ownUid()}` };
  if (clusterOwner && clusterOwner.uid !== 0) {
    return { name: `uid ${clusterOwner.uid}`, identity: clusterOwner };
  }
  const passwd = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of candidates) {
    const [, , uid, gid] = passwd.find((fields) => fields[0] === name) ?? [];
    if (Number(uid) > 0) return { name, identity: { uid: Number(uid), gid: Number(gid) } };
  }
  throw new EmbeddedPostgresError(
    `Postgres does not run as root, and this machine has none of the accounts ${candidates.join(', ')}.`,
    `Start as an ordinary user. ${useAnotherServer}`,
  );
}
