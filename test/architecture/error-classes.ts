import * as ts from 'typescript';
import type { Sources } from './import-graph';

/** A class that extends an error class, as its source says it. */
export interface ErrorClass {
  readonly name: string;
  readonly place: string;
  readonly isAbstract: boolean;
  /** The names of the classes that it extends, the nearest first. */
  readonly ancestors: readonly string[];
  /** Undefined where neither the class nor one that it extends gives it as a literal. */
  readonly code: string | undefined;
  readonly kind: string | undefined;
}

interface Declared {
  readonly name: string;
  readonly place: string;
  readonly parent: string | undefined;
  readonly isAbstract: boolean;
  readonly members: ReadonlyMap<string, string>;
}

/** Every class of the sources that extends `Error`, or a class whose name ends so. */
export function errorClasses(sources: Sources): readonly ErrorClass[] {
  const declared = [...sources].flatMap(([file, text]) => classesIn(file, text));
  const byName = new Map(declared.map((each) => [each.name, each]));
  return declared
    .filter(({ parent }) => parent?.endsWith('Error'))
    .map((each) => {
      const ancestors = ancestorsOf(each, byName);
      const line = [each, ...ancestors.flatMap((name) => byName.get(name) ?? [])];
      const member = (name: string) => line.map(({ members }) => members.get(name)).find(Boolean);
      const { name, place, isAbstract } = each;
      return { name, place, isAbstract, ancestors, code: member('code'), kind: member('kind') };
    });
}

/** Where an error without a code is thrown: `file:line`. */
export function plainErrors(sources: Sources): readonly string[] {
  return [...sources].flatMap(([file, text]) => {
    const source = parse(file, text);
    return nodesOf(source)
      .filter(ts.isThrowStatement)
      .filter(({ expression }) => ts.isNewExpression(expression) && isPlain(expression.expression.getText()))
      .map((node) => placeOf(source, node));
  });
}

function isPlain(name: string): boolean {
  return /^(?:Aggregate|Eval|Range|Reference|Syntax|Type|URI)?Error$/.test(name);
}

function classesIn(file: string, text: string): Declared[] {
  const source = parse(file, text);
  return nodesOf(source)
    .filter(ts.isClassDeclaration)
    .map((node) => ({
      name: node.name?.text ?? '',
      place: placeOf(source, node),
      parent: node.heritageClauses
        ?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)
        ?.types[0]?.expression.getText(),
      isAbstract: node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AbstractKeyword) ?? false,
      members: new Map(node.members.flatMap(literalMember)),
    }));
}

function literalMember(member: ts.ClassElement): [string, string][] {
  if (!ts.isPropertyDeclaration(member) || !member.initializer) return [];
  if (!ts.isStringLiteral(member.initializer)) return [];
  return [[member.name.getText(), member.initializer.text]];
}

function ancestorsOf({ parent }: Declared, byName: ReadonlyMap<string, Declared>): string[] {
  const found: string[] = [];
  for (let name = parent; name !== undefined && !found.includes(name); name = byName.get(name)?.parent)
    found.push(name);
  return found;
}

function parse(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
}

function nodesOf(node: ts.Node): ts.Node[] {
  const found: ts.Node[] = [node];
  ts.forEachChild(node, (child) => void found.push(...nodesOf(child)));
  return found;
}

function placeOf(source: ts.SourceFile, node: ts.Node): string {
  return `${source.fileName}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
}
