import * as ts from 'typescript';
import type { Sources } from './import-graph';

/** Words of features, which the platform must not have in names and texts. A new feature adds its own. */
const business = /\buser(s|ids?)?\b/i;

/** The same word with another meaning: whoever a token names, an account of the database, an account of the machine. */
const otherMeanings = [/^user:$/, /postgres:\/\/user:password@/];
const ofTheMachine = 'src/platform/embedded-postgres/';

/** `<file>:<line> <name or text>` for each identifier and text of the platform that has a business word; comments are free. */
export function businessWords(sources: Sources): string[] {
  const found: string[] = [];
  for (const [file, text] of sources) {
    if (!file.startsWith('src/platform/') || file.startsWith(ofTheMachine)) continue;
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true, ts.ScriptKind.TS);
    const visit = (node: ts.Node): void => {
      const words = wordsOf(node);
      if (words !== undefined && business.test(words) && !otherMeanings.some((it) => it.test(words)))
        found.push(
          `${file}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1} ${words}`,
        );
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

/** A text as it stands; a name with blanks between its words, so that `ownUserId` is three. */
function wordsOf(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node))
    return node.text.replaceAll(/([a-z\d])(?=[A-Z])/g, '$1 ').replaceAll('_', ' ');
  const isText =
    ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node);
  if (isText) return node.text;
  return ts.isRegularExpressionLiteral(node) ? node.text : undefined;
}
