import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { madeOnce } from './once';
import { commandsOf, writeFiles } from './page';
import { contentHash, packedPackage, root, run } from './tarball';

/**
 * Runs the `npm install` lines of a page in a folder outside the repository, with the tarball in place of the name of the
 * package, and the other packages in the versions that the repository tests with. Resolves with the path of `node_modules`.
 */
export async function installed(page: string): Promise<string> {
  const lines = commandsOf(page)
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.startsWith('npm install '));
  const folder = await madeOnce(`installed-${contentHash(...lines)}`, async (target) => {
    writeFiles(target, new Map([['package.json', '{ "private": true }']]));
    const words = lines.flatMap((line) => line.split(' ').slice(2)).filter((word) => !word.startsWith('--'));
    const packages = await Promise.all(words.map(exactly));
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...packages], {
      cwd: target,
    });
  });
  return join(folder, 'node_modules');
}

async function exactly(word: string): Promise<string> {
  const name = word.replace(/(?<=.)@\d+$/, '');
  if (name === '@annals/nestjs') return packedPackage();
  const { dependencies, devDependencies } = JSON.parse(
    await readFile(join(root, 'package.json'), 'utf8'),
  ) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
  const version = dependencies[name] ?? devDependencies[name];
  if (version === undefined)
    throw new Error(`A page installs ${name}, which the repository does not test with.`);
  return `${name}@${version}`;
}
