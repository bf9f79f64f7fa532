import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');

/** A block of code as it stands in a page: "ts title=…" behind its fence, and its text. */
export interface Block {
  readonly page: string;
  /** The line of its fence. */
  readonly line: number;
  readonly language: string;
  readonly title: string | undefined;
  /** Not complete on purpose, and marked so behind the fence. */
  readonly isFragment: boolean;
  readonly text: string;
}

/** The tutorial is an application of its own: test/package/tutorial.test.ts types and runs it whole. */
const elsewhere = ['tutorial.md'];

/** The pages that a reader follows. Decision records tell of their time. */
export function pages(): string[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  const followed = docs
    .filter((name) => name.endsWith('.md') && !name.startsWith('adr/'))
    .filter((name) => !elsewhere.includes(name));
  return ['README.md', 'CONTRIBUTING.md', ...followed.map((name) => `docs/${name}`)].sort();
}

export function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```(\w+)([^\n]*)\n([^]*?)^```$/gm)].map((match) => {
    const [, language = '', info = '', block = ''] = match;
    return {
      page,
      line: text.slice(0, match.index).split('\n').length,
      language,
      title: /title="([^"]+)"/.exec(info)?.[1],
      isFragment: /\bfragment\b/.test(info),
      text: block,
    };
  });
}
