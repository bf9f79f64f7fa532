import { access, chmod, constants, lstat, mkdir, realpath, stat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Account, ownUid } from './account';
import { EmbeddedPostgresError, reasonOf, useAnotherServer } from './embedded-postgres-error';
import { canEnter } from './run-as';

function candidates(): string[] {
  const uid = ownUid();
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const first = uid === 0 ? '/var/lib/annals' : join(cache, 'annals');
  return [first, `/var/tmp/annals-${uid}`, join(tmpdir(), `annals-${uid}`)];
}

/**
 * A folder outside the checkout that the account can enter and only this user can write, for copies of the
 * binaries and for clusters that the account could not reach where they belong.
 */
export async function runtimeDirectory(account: Account, wanted?: string): Promise<string> {
  const problems: string[] = [];
  for (const directory of wanted ? [wanted] : candidates()) {
    const problem = await problemWith(directory, account).catch(reasonOf);
    if (!problem) return await realpath(directory);
    problems.push(`${directory}: ${problem}`);
  }
  throw new EmbeddedPostgresError(
    `Found no safe folder for the Postgres of ${account.name}:\n${problems.join('\n')}`,
    `Make one of these usable, or start as another user. ${useAnotherServer}`,
  );
}

async function problemWith(directory: string, account: Account): Promise<string | undefined> {
  const made = await mkdir(directory, { recursive: true, mode: 0o755 });
  // The umask may have taken bits away; a folder that was there already is judged as it is.
  if (made) await chmod(directory, 0o755);
  const found = await lstat(directory);
  if (!found.isDirectory()) return 'not a folder';
  if (found.uid !== ownUid()) return `belongs to uid ${found.uid}`;
  if (found.mode & 0o022) return 'other users can write it';
  const exposed = await exposedParent(dirname(await realpath(directory)));
  if (exposed) return `another user could replace ${exposed}`;
  await access(directory, constants.W_OK);
  if (!(await canEnter(account, directory))) return `${account.name} cannot enter it`;
  return undefined;
}

/** A parent whose owner, or anybody (no sticky bit), could put another folder in place of the checked one. */
async function exposedParent(directory: string): Promise<string | undefined> {
  const { uid, mode } = await stat(directory);
  const sticky = (mode & 0o1000) !== 0;
  if (![0, ownUid()].includes(uid) || ((mode & 0o002) !== 0 && !sticky)) return directory;
  return directory === dirname(directory) ? undefined : exposedParent(dirname(directory));
}
