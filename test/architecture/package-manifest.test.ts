import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildImportGraph, readSources } from './import-graph';

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
}

interface RootManifest extends Pick<Manifest, 'dependencies'> {
  readonly devDependencies: Readonly<Record<string, string>>;
}

const root = join(__dirname, '../..');
const readJson = <T>(path: string): T => JSON.parse(readFileSync(join(root, path), 'utf8')) as T;
const kernel = readJson<Manifest>('src/event-sourcing/package.json');
const repository = readJson<RootManifest>('package.json');
const installed: Record<string, string | undefined> = {
  ...repository.devDependencies,
  ...repository.dependencies,
};

/** Asked for although no file imports them, each with its reason. */
const notImported = {
  '@types/pg': 'the declarations of the package name types of pg',
  '@nestjs/typeorm': 'it provides the data source that read models are written through',
  'reflect-metadata': 'Nest wants it of its host',
};

/** Whether the version is in a range of the form `^1.2.3`: the same major version (of 0.x: the same minor), and not older. */
function satisfies(version: string, range: string): boolean {
  const [number, least] = [asNumber(version), asNumber(range.slice(1))];
  const unit = least < 1e6 ? 1e3 : 1e6;
  return number >= least && Math.floor(number / unit) === Math.floor(least / unit);
}

function asNumber(version: string): number {
  const [major = NaN, minor = NaN, patch = NaN] = version.split('.').map(Number);
  return major * 1e6 + minor * 1e3 + patch;
}

describe('the manifest of @annals/nestjs', () => {
  const folders = ['src/event-sourcing', 'src/operations/cli', 'src/platform/cli'];
  const asked = { ...kernel.dependencies, ...kernel.peerDependencies };

  it('asks for the packages that its files import, and for no other', () => {
    const { edges } = buildImportGraph(new Map(folders.flatMap((folder) => [...readSources(root, folder)])));
    const imported = new Set(edges.filter(({ kind }) => kind === 'package').map(({ to }) => to));
    expect(imported.size).toBeGreaterThan(4);
    expect(Object.keys(asked).sort()).toEqual(
      [...new Set([...imported, ...Object.keys(notImported)])].sort(),
    );
  });

  it('takes the versions that the tests run with', () => {
    const outside = Object.entries(asked).filter(([name, range]) => !satisfies(installed[name] ?? '', range));
    expect(outside).toEqual([]);
  });

  it('leaves the framework and the driver to the application, so that there is one of each', () => {
    expect(Object.keys(kernel.peerDependencies)).toEqual(
      expect.arrayContaining(['@nestjs/common', '@nestjs/core', '@nestjs/cqrs', 'pg', 'rxjs']),
    );
    const optional = Object.entries(kernel.peerDependenciesMeta).filter(([, meta]) => meta.optional);
    expect(optional.map(([name]) => name).sort()).toEqual(['@nestjs/typeorm', 'typeorm']);
  });
});

describe('the check of versions', () => {
  it.each([
    ['12.5.1', '^12.0.0', true],
    ['11.9.9', '^12.0.0', false],
    ['1.1.0', '^1.1.1', false],
    ['0.2.2', '^0.2.0', true],
    ['0.3.0', '^0.2.0', false],
  ])('%s in %s is %s', (version, range, expected) => {
    expect(satisfies(version, range)).toBe(expected);
  });
});
