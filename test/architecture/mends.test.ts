import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { mendOf, mendOfFailure, mends } from '../../src/operations/mends';
import { LogHoleError, NotParkedError, RebuildInProgressError } from '../../src/event-sourcing';
import { commandTree } from './command-tree';
import { errorClasses } from './error-classes';
import { readSources } from './import-graph';

const root = join(__dirname, '../..');
const texts = Object.values(mends);

/** `migrate`, `projections rebuild`, …: as far as words of the tree go. */
function commandOf(program: Command, words: readonly string[]): string {
  const [first, ...rest] = words;
  const found = program.commands.find((command) => command.name() === first);
  return found ? [found.name(), commandOf(found, rest)].filter(Boolean).join(' ') : '';
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  const headings = readFileSync(join(root, page), 'utf8').matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe('what the service says to do about errors of the kernel', () => {
  it('is for codes that the kernel has', () => {
    const codes = new Set(errorClasses(readSources(root, 'src/event-sourcing')).map(({ code }) => code));
    expect(Object.keys(mends).filter((code) => !codes.has(code))).toEqual([]);
  });

  it('names commands that the program has', () => {
    const program = commandTree();
    const named = texts.flatMap((text) => [...text.matchAll(/npm run cli -- ([a-z -]*[a-z])/g)]);
    expect(named.length).toBeGreaterThan(10);
    for (const [, words = ''] of named) expect(commandOf(program, words.split(' '))).toBe(words);
  });

  it('names pages and sections that exist', () => {
    const links = texts.flatMap((text) => [...text.matchAll(/(docs\/\S+\.md)(?:#(\S+))?/g)]);
    expect(links.length).toBeGreaterThan(5);
    for (const [, page = '', anchor] of links) {
      expect(existsSync(join(root, page))).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(page)).toContain(anchor);
    }
  });

  it('names variables that .env.example has', () => {
    const known = readFileSync(join(root, '.env.example'), 'utf8');
    const variables = texts.flatMap((text) => text.match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? []);
    expect(variables.length).toBeGreaterThan(0);
    for (const variable of variables) expect(known).toMatch(new RegExp(`^#?\\s?${variable}=`, 'm'));
  });

  it('names what the error is about', () => {
    expect(mendOf(new NotParkedError('welcome-mail', 7n))).toBe(
      'Run: npm run cli -- parked list welcome-mail',
    );
    expect(mendOf(new RebuildInProgressError('users'))).toBe(
      'Run: npm run cli -- projections rebuild users --resume, or npm run cli -- projections cancel-rebuild users',
    );
    expect(mendOf(new LogHoleError(7n, 9n), 'users')).toBe('Run: npm run cli -- verify');
    expect(mendOf(Object.assign(new Error('not of the kernel'), { code: 'log.hole' }))).toBeUndefined();
  });

  it('is found again from a failure that was kept as text, also of a rebuild', () => {
    expect(
      mendOfFailure('"users@next" has set 100 events aside. [subscription.too-many-parked]', 'users@next'),
    ).toBe('Run: npm run cli -- parked list users@next');
    expect(mendOfFailure('There is no row. [row.missing]', 'users@next')).toBe(
      'Run: npm run cli -- projections rebuild users',
    );
    expect(mendOfFailure('a handler threw [constructor]', 'users')).toBeUndefined();
    expect(mendOfFailure('a handler threw', 'users')).toBeUndefined();
  });
});
