import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { madeOnce } from './once';
import { readPage, writeFiles } from './page';
import { contentHash, packedPackage, root, run } from './tarball';

/** The folders of the same application, as CommonJS and as ES modules, compiled. They share what is installed above them. */
export interface HostApplications {
  readonly commonjs: string;
  readonly module: string;
}

const readme = 'src/event-sourcing/README.md';

/** Does what the README of the package says, up to the start of the process, in a folder outside the repository. */
export async function hostApplications(): Promise<HostApplications> {
  const folder = await madeOnce(`host-${contentHash()}`, async (target) => {
    await install(target);
    await Promise.all([makeApplication(target, 'commonjs'), makeApplication(target, 'module')]);
  });
  return { commonjs: join(folder, 'commonjs'), module: join(folder, 'module') };
}

/** The commands of the README, with the tarball in place of the name of the package and the other versions as tested. */
async function install(folder: string): Promise<void> {
  const { dependencies, devDependencies } = JSON.parse(
    await readFile(join(root, 'package.json'), 'utf8'),
  ) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
  const versions: Record<string, string | undefined> = { ...devDependencies, ...dependencies };
  const tarball = await packedPackage();
  const installs = (readPage(readme).commands[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('npm install'));
  writeFiles(folder, new Map([['package.json', '{ "private": true }']]));
  for (const line of installs) {
    const [, , ...words] = line.split(' ').map((word) => word.replace(/(?<=.)@\d+$/, ''));
    const pinned = words.map((name) =>
      name === '@annals/nestjs' ? tarball : atVersion(name, versions[name]),
    );
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...pinned], { cwd: folder });
  }
}

function atVersion(name: string, version: string | undefined): string {
  if (name.startsWith('--')) return name;
  if (version === undefined)
    throw new Error(`${readme} installs ${name}, which the repository does not test with.`);
  return `${name}@${version}`;
}

async function makeApplication(folder: string, type: keyof HostApplications): Promise<void> {
  const application = join(folder, type);
  await mkdir(application);
  writeFiles(application, readPage(readme).files);
  writeFiles(application, new Map([['package.json', JSON.stringify({ private: true, type })]]));
  await run(join(folder, 'node_modules/.bin/tsc'), ['--skipLibCheck', 'false'], { cwd: application });
}
