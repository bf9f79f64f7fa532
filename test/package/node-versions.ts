import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { madeOnce } from './once';
import { run } from './tarball';

/** The program of a major version of Node: the one that runs the tests, or one of the npm package `node`; undefined without a registry. */
export async function nodeOf(major: number): Promise<string | undefined> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  try {
    const folder = await madeOnce(`node-${major}`, async (target) => {
      writeFileSync(join(target, 'package.json'), '{ "private": true }');
      await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', `node@${major}`], {
        cwd: target,
      });
      await run(join(target, program), ['--version']);
    });
    return join(folder, program);
  } catch {
    console.warn(`Skipped on Node ${major}: npm could not install it here.`);
    return undefined;
  }
}

const program = 'node_modules/node/bin/node';
