import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packedPackage, root, run } from './tarball';

const manifest = JSON.parse(readFileSync(join(root, 'src/event-sourcing/package.json'), 'utf8')) as {
  readonly version: string;
  readonly exports: object;
};
const binary = (name: string): string => join(root, 'node_modules/.bin', name);

jest.setTimeout(240_000);

describe('the tarball of the package', () => {
  let tarball: string;
  let files: readonly string[];

  beforeAll(async () => {
    tarball = await packedPackage();
    const { stdout } = await run('tar', ['-tzf', tarball]);
    files = stdout.trim().split('\n');
  });

  it('is named after the package and its version', () => {
    expect(tarball.endsWith(`/annals-nestjs-${manifest.version}.tgz`)).toBe(true);
  });

  it('holds code, declarations, SQL, a README, release notes and the licence', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'package/package.json',
        'package/README.md',
        'package/CHANGELOG.md',
        'package/LICENSE',
        'package/event-sourcing/index.js',
        'package/event-sourcing/index.d.ts',
        'package/event-sourcing/schema/001-tables.sql',
        'package/event-sourcing/schema/functions/append_events.sql',
      ]),
    );
  });

  it('holds no spec, no source, no source map, no feature, and of the platform what runs commands', () => {
    expect(
      files.filter((name) => /\.spec\.|\.map$|(?<!\.d)\.ts$|\/(platform(?!\/cli)|modules)\//.test(name)),
    ).toEqual([]);
  });

  it('is found in order by publint', async () => {
    const { stdout } = await run(binary('publint'), [tarball, '--strict']);
    expect(stdout).toContain('All good!');
  });

  // It exits with 1 when it finds something. node10 reads no `exports`, and no Node that Nest 12 runs on resolves like that.
  it('has types that CommonJS, ESM and bundlers find at every entry point', async () => {
    const { stdout } = await run(binary('attw'), [tarball, '--profile', 'node16', '--format', 'json']);
    const { analysis } = JSON.parse(stdout) as { analysis: { entrypoints: object } };
    expect(Object.keys(analysis.entrypoints)).toEqual(Object.keys(manifest.exports));
  });
});
