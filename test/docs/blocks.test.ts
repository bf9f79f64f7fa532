import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as ts from 'typescript';
import { compiled } from '../support/compiled';
import { Block, blocksOf, pages } from './pages';

const root = join(__dirname, '../..');
const blocks = pages().flatMap(blocksOf);
const named = ({ page, line, title }: Block): string => `${page}:${line}${title ? ` (${title})` : ''}`;
const inLanguage = (language: string): [name: string, block: Block][] =>
  blocks.filter((block) => block.language === language).map((block) => [named(block), block]);
const complete = inLanguage('ts').filter(([, { title }]) => title !== undefined);

describe('the code in the documentation', () => {
  const texts = new Map(complete.map(([, { title = '', text }]) => [join(root, title), text]));
  const errorsOf = compiled(texts, ['node', 'jest']);

  it('is there', () => {
    expect(complete.length).toBeGreaterThan(20);
  });

  it.each(complete)('%s compiles', (_, { title = '' }) => {
    expect(errorsOf(join(root, title))).toEqual([]);
  });

  it.each(complete)('%s names no file of the repository, whose text it would hide', (_, { title = '' }) => {
    expect(existsSync(join(root, title))).toBe(false);
  });

  it.each(inLanguage('ts'))(
    '%s names its file, or says that it is a fragment',
    (_, { title, isFragment }) => {
      expect(title !== undefined || isFragment).toBe(true);
    },
  );

  it.each(inLanguage('ts'))('%s is TypeScript', (_, { text, isFragment }) => {
    const asMembers = isFragment ? [`class Fragment {${text} last() {} }`] : [];
    expect([text, ...asMembers].map(syntaxErrors)).toContainEqual([]);
  });
});

function syntaxErrors(text: string): string[] {
  const { diagnostics = [] } = ts.transpileModule(text, {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2023, experimentalDecorators: true },
  });
  return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
