import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ts from 'typescript';
import { readSources, type Sources } from './import-graph';

const root = join(__dirname, '../..');

/** Names of the service's variables that are no ordinary words: `DATABASE_URL`, not `PORT`. */
const variables = [...readFileSync(join(root, '.env.example'), 'utf8').matchAll(/^#?\s?([A-Z][A-Z_]*)=/gm)]
  .map(([, name]) => name!)
  .filter((name) => name.includes('_') && name !== 'NODE_ENV');

/** What a message of the kernel must not say: another application has no such command, page or variable. */
const words: Readonly<Record<string, RegExp>> = {
  'a command of this repository': /\b(?:npm run|npm start|npm run cli|node dist)\b/,
  'a command of the service':
    /\b(?:projections (?:status|rebuild|cancel-rebuild|drop-old|rename|pause|resume)|parked (?:list|retry|discard)|streams show|events tail)\b/,
  'a page of the documentation': /\bdocs\/|\.md\b/,
  'a variable of the service': new RegExp(`\\b(?:${variables.join('|')})\\b`),
};

/** Where a text of the program says one of the words: `file:line says …`. */
function said(sources: Sources): string[] {
  return [...sources].flatMap(([file, text]) => {
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    return textsOf(source).flatMap((node) => {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      return Object.entries(words)
        .filter(([, pattern]) => pattern.test(node.text))
        .map(([what]) => `${file}:${line} names ${what}`);
    });
  });
}

function textsOf(node: ts.Node): ts.LiteralLikeNode[] {
  const found: ts.LiteralLikeNode[] = [];
  if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
    found.push(node);
  ts.forEachChild(node, (child) => void found.push(...textsOf(child)));
  return found;
}

describe('the messages of the kernel', () => {
  it('say nothing of the service: no command, no page, no variable', () => {
    const sources = new Map(
      ['src/event-sourcing', 'src/extensions'].flatMap((folder) => [...readSources(root, folder)]),
    );
    expect(sources.size).toBeGreaterThan(100);
    expect(said(sources)).toEqual([]);
  });

  it('are searched for the variables of the service', () => {
    expect(variables).toEqual(expect.arrayContaining(['DATABASE_URL', 'SUBSCRIPTIONS_ENABLED']));
  });

  it('are searched in every kind of text, and comments are left alone', () => {
    const planted: Sources = new Map([
      [
        'src/event-sourcing/planted.ts',
        [
          `// See docs/how-to/operate.md, and npm run cli -- verify.`,
          `const plain = 'Run it: npm run cli -- migrate';`,
          'const head = `set SUBSCRIPTIONS_ENABLED=true for ${plain}`;',
          'const tail = `${plain} (docs/how-to/operate.md)`;',
          `const command = "parked list";`,
          'const fine = `The status of projections is unknown: SELECT name FROM events; DATABASE_URLS`;',
        ].join('\n'),
      ],
    ]);
    const place = 'src/event-sourcing/planted.ts';
    expect(said(planted)).toEqual([
      `${place}:2 names a command of this repository`,
      `${place}:3 names a variable of the service`,
      `${place}:4 names a page of the documentation`,
      `${place}:5 names a command of the service`,
    ]);
  });
});
