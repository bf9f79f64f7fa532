import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { madeOnce } from './once';

export const root = join(__dirname, '../..');
export const run = promisify(execFile);

/** What the tarball is made of, and how. */
const ingredients = [
  'src/event-sourcing',
  'src/extensions',
  'src/operations/cli',
  'src/platform/cli',
  'scripts',
  'tsconfig.json',
  'tsconfig.package.json',
  'package-lock.json',
  'LICENSE',
];

/** Builds and packs the package as `npm run package` does; resolves with the path of the tarball. */
export async function packedPackage(): Promise<string> {
  const folder = await madeOnce(`tarball-${contentHash()}`, async (target) => {
    await run(process.execPath, [join(root, 'scripts/package.mjs'), target]);
  });
  const [name = ''] = readdirSync(folder);
  return join(folder, name);
}

/** The same for the same package; of texts that a test adds to it, too. */
export function contentHash(...more: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of ingredients.flatMap((path) => filesIn(path)))
    hash.update(file).update(readFileSync(join(root, file)));
  for (const text of more) hash.update(text);
  return hash.digest('hex').slice(0, 12);
}

function filesIn(path: string): string[] {
  if (!existsSync(join(root, path))) return [];
  if (!statSync(join(root, path)).isDirectory()) return [path];
  const names = readdirSync(join(root, path)).sort();
  return names.flatMap((name) => filesIn(join(path, name)));
}
