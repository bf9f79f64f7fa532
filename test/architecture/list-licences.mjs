import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Prints docs/licences.md: every package that a production installation may hold, with its licence, from package-lock.json.
 * Exits with 1 when one of them has a licence that is not allowed. Argument: another project's folder.
 */
const root = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Permissive licences: they ask for a notice, and for nothing of the program that uses them. */
const allowed = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'PostgreSQL',
  'Python-2.0',
  'Unlicense',
]);

const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));

/** Packages from before SPDX say `licenses: [{ type }]`, which npm does not copy to the lock file. */
function licenceOf(path, { license }) {
  if (license) return license;
  const { licenses = [] } = read(`${path}/package.json`);
  return licenses.map(({ type }) => type).join(' AND ') || 'unknown';
}

const packages = Object.entries(read('package-lock.json').packages)
  .filter(([path, { dev, link }]) => path !== '' && !dev && !link)
  .map(([path, entry]) => ({
    name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
    version: entry.version,
    licence: licenceOf(path, entry),
  }));

const isAllowed = (licence) =>
  licence
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((part) => allowed.has(part)));

const lines = [
  ...new Set(packages.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`)),
].sort();

process.stdout.write(
  [
    '# Licences',
    '',
    `What a production installation may hold: ${lines.length} packages, those for other platforms included. Made by \`npm run licences\`; a test`,
    `fails when this page is not fresh, or when a licence is none of: ${[...allowed].sort().join(', ')}.`,
    'Development packages are not shipped, and not listed. The embedded Postgres itself has the PostgreSQL licence.',
    '',
    '| package | version | licence |',
    '|---|---|---|',
    ...lines,
    '',
  ].join('\n'),
);

const refused = packages.filter(({ licence }) => !isAllowed(licence));
for (const { name, version, licence } of refused) {
  process.stderr.write(
    `${name}@${version} has the licence ${licence}, which is not allowed: use another package.\n`,
  );
}
process.exitCode = refused.length === 0 ? 0 : 1;
