import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Builds `@annals/nestjs` in `.build/package` and writes its tarball, `annals-nestjs-<version>.tgz`, to the root of the
 * repository. Argument: another folder for the tarball. The paths inside are those below `src/`; the `exports` of its
 * package.json hide them.
 */
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const build = join(root, '.build/package');
const kernel = join(root, 'src/event-sourcing');
const ofThePackage = ['package.json', 'README.md', 'CHANGELOG.md'];

rmSync(build, { recursive: true, force: true });
run(process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.package.json');
cpSync(kernel, join(build, 'event-sourcing'), { recursive: true, filter: isReadAtRunTime });
for (const name of ofThePackage) copyFileSync(join(kernel, name), join(build, name));
copyFileSync(join(root, 'LICENSE'), join(build, 'LICENSE'));
run('npm', 'pack', build, '--pack-destination', resolve(process.argv[2] ?? root));

/** SQL and templates: what is beside the code, and is no code of the package. */
function isReadAtRunTime(path) {
  if (statSync(path).isDirectory()) return basename(path) !== '.changeset';
  return !path.endsWith('.ts') && !ofThePackage.includes(basename(path));
}

function run(program, ...args) {
  execFileSync(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
}
