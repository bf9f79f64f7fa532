import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { installed } from './installed';
import { madeOnce } from './once';
import { filesOf, writeFiles } from './page';
import { contentHash, run } from './tarball';

/** The folders of the same application, as CommonJS and as ES modules, compiled. They share what is installed. */
export interface HostApplications {
  readonly commonjs: string;
  readonly module: string;
}

const readme = 'src/event-sourcing/README.md';

/** Does what the README of the package says, up to the start of the process, in a folder outside the repository. */
export async function hostApplications(): Promise<HostApplications> {
  const packages = await installed(readme);
  const folder = await madeOnce(`host-${contentHash()}`, async (target) => {
    await symlink(packages, join(target, 'node_modules'));
    await Promise.all([makeApplication(target, 'commonjs'), makeApplication(target, 'module')]);
  });
  return { commonjs: join(folder, 'commonjs'), module: join(folder, 'module') };
}

async function makeApplication(folder: string, type: keyof HostApplications): Promise<void> {
  const application = join(folder, type);
  await mkdir(application);
  writeFiles(application, filesOf(readme));
  writeFiles(application, new Map([['package.json', JSON.stringify({ private: true, type })]]));
  await run(join(folder, 'node_modules/.bin/tsc'), ['--skipLibCheck', 'false'], { cwd: application });
}
