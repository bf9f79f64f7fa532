import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const longest = 120;

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'src/event-sourcing/README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    // Written by a script from the package files of others.
    .filter((name) => name.endsWith('.md') && name !== 'licences.md')
    .map((name) => join('docs', name)),
];

/** Numbers of the lines of prose that are too long: not of tables, headings and code, nor of a single long word. */
function tooLong(page: string): number[] {
  let isCode = false;
  return page.split('\n').flatMap((line, index) => {
    if (/^\s*(```|~~~)/.test(line)) isCode = !isCode;
    const isProse = !isCode && !/^\s*[|#<]|^\s*\[[^\]]+\]:/.test(line) && /\S\s\S/.test(line.trim().slice(2));
    return isProse && line.length > longest ? [index + 1] : [];
  });
}

describe('prose', () => {
  it.each(pages)(`has lines of at most ${longest} characters: %s`, (page) => {
    expect(tooLong(readFileSync(join(root, page), 'utf8'))).toEqual([]);
  });

  it('is told from tables, headings and code', () => {
    const long = 'word '.repeat(30);
    const page = [
      long,
      `| ${long} |`,
      `# ${long}`,
      '```',
      long,
      '```',
      `- ${long}`,
      'x'.repeat(200),
      'short',
    ];
    expect(tooLong(page.join('\n'))).toEqual([1, 7]);
  });
});
