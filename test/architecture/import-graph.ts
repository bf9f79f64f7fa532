import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import * as ts from 'typescript';

/** Source text by path. Paths are relative to the package root, with forward slashes: `src/main.ts`. */
export type Sources = ReadonlyMap<string, string>;

export interface ImportEdge {
  from: string;
  line: number;
  specifier: string;
  /** What is taken, by its name there; `*` for all of it. */
  names: readonly string[];
  /** A path among the sources, a package's name without its sub-path, or, when unresolved, what was written. */
  to: string;
  /** `unresolved` covers relative paths that are no source, `#` aliases and computed specifiers: nothing can be said of them. */
  kind: 'file' | 'package' | 'builtin' | 'unresolved';
  /** Erased by the compiler, so it runs nothing. An import that merely happens to be used as a type is not type-only. */
  typeOnly: boolean;
  /** `import()` or `require()`: runs when it is reached, not when the file is loaded. */
  deferred: boolean;
}

export interface LooseExport {
  from: string;
  line: number;
  kind: 'export *' | 'default export';
}

export interface ImportGraph {
  files: readonly string[];
  edges: readonly ImportEdge[];
  looseExports: readonly LooseExport[];
}

interface Reference {
  target: ts.Node | undefined;
  names: readonly string[];
  typeOnly: boolean;
  deferred: boolean;
}

/** Every `.ts` file below `root/folder` but specs; an absent folder is an empty tree. */
export function readSources(root: string, folder = 'src'): Sources {
  const top = join(root, folder);
  const names = existsSync(top) ? readdirSync(top, { recursive: true, encoding: 'utf8' }) : [];
  const paths = names.filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts')).sort();
  return new Map(
    paths.map((path) => [
      posix.join(folder, path.replaceAll('\\', '/')),
      readFileSync(join(top, path), 'utf8'),
    ]),
  );
}

export function buildImportGraph(sources: Sources): ImportGraph {
  const edges: ImportEdge[] = [];
  const looseExports: LooseExport[] = [];
  for (const [from, text] of sources) {
    const source = ts.createSourceFile(from, text, ts.ScriptTarget.ES2023, true, ts.ScriptKind.TS);
    const lineOf = (node: ts.Node): number =>
      source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    const visit = (node: ts.Node): void => {
      const reference = referenceOf(node);
      if (reference) edges.push({ from, line: lineOf(node), ...edgeTo(reference, from, sources) });
      const kind = looseExportOf(node);
      if (kind) looseExports.push({ from, line: lineOf(node), kind });
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return { files: [...sources.keys()], edges, looseExports };
}

/**
 * The shortest cycle through each file that has one, each cycle once. Type-only imports are left out: they are gone at
 * run time, and two files that only name each other's types load in any order.
 */
export function findCycles(graph: ImportGraph): string[][] {
  const next = new Map<string, string[]>();
  for (const edge of graph.edges) {
    if (edge.kind === 'file' && !edge.typeOnly)
      next.set(edge.from, [...(next.get(edge.from) ?? []), edge.to]);
  }
  const cycles = new Map<string, string[]>();
  for (const file of graph.files) {
    const cycle = shortestWayBack(file, next);
    const members = [...new Set(cycle)].sort().join();
    if (cycle && !cycles.has(members)) cycles.set(members, cycle);
  }
  return [...cycles.values()];
}

function shortestWayBack(file: string, next: ReadonlyMap<string, string[]>): string[] | undefined {
  const seen = new Set<string>();
  const ways = [[file]];
  for (const way of ways) {
    for (const to of next.get(way[way.length - 1] ?? file) ?? []) {
      if (to === file) return [...way, to];
      if (!seen.has(to)) ways.push([...way, to]);
      seen.add(to);
    }
  }
  return undefined;
}

function referenceOf(node: ts.Node): Reference | undefined {
  return declaredReference(node) ?? expressedReference(node);
}

function declaredReference(node: ts.Node): Reference | undefined {
  if (ts.isImportDeclaration(node)) return declared(node.moduleSpecifier, node.importClause);
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) return declared(node.moduleSpecifier, node);
  if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
    const target = node.moduleReference.expression;
    return { target, names: ['*'], typeOnly: node.isTypeOnly, deferred: false };
  }
  return undefined;
}

function declared(target: ts.Node, clause: ts.ImportClause | ts.ExportDeclaration | undefined): Reference {
  const elements = clause ? elementsOf(clause) : [];
  const names = elements.map(({ name, propertyName }) => (propertyName ?? name).text);
  const isWhole = clause !== undefined && elements.length === 0;
  return { target, names: isWhole ? ['*'] : names, typeOnly: namesOnlyTypes(clause), deferred: false };
}

function expressedReference(node: ts.Node): Reference | undefined {
  if (ts.isImportTypeNode(node))
    return {
      target: node.argument,
      names: [node.qualifier?.getText() ?? '*'],
      typeOnly: true,
      deferred: false,
    };
  if (ts.isCallExpression(node) && loadsModule(node))
    return { target: node.arguments[0], names: ['*'], typeOnly: false, deferred: true };
  return undefined;
}

function namesOnlyTypes(clause: ts.ImportClause | ts.ExportDeclaration | undefined): boolean {
  if (!clause) return false;
  const elements = elementsOf(clause);
  return clause.isTypeOnly || (elements.length > 0 && elements.every((element) => element.isTypeOnly));
}

function elementsOf(
  clause: ts.ImportClause | ts.ExportDeclaration,
): readonly (ts.ImportSpecifier | ts.ExportSpecifier)[] {
  const names = ts.isExportDeclaration(clause) ? clause.exportClause : clause.namedBindings;
  const withDefault = ts.isImportClause(clause) && clause.name !== undefined;
  if (!names || withDefault) return [];
  return ts.isNamedImports(names) || ts.isNamedExports(names) ? names.elements : [];
}

/** `require.resolve` only finds a file; it counts when it says which. */
function loadsModule({ expression, arguments: [target] }: ts.CallExpression): boolean {
  if (expression.kind === ts.SyntaxKind.ImportKeyword) return true;
  const callee = expression.getText();
  const literal = target !== undefined && ts.isStringLiteralLike(target);
  return callee === 'require' || (callee === 'require.resolve' && literal);
}

function edgeTo(reference: Reference, from: string, sources: Sources): Omit<ImportEdge, 'from' | 'line'> {
  const { target, names, typeOnly, deferred } = reference;
  const literal = target && ts.isLiteralTypeNode(target) ? target.literal : target;
  if (!literal || !ts.isStringLiteralLike(literal)) {
    const specifier = target?.getText() ?? '';
    return { specifier, names, to: specifier, kind: 'unresolved', typeOnly, deferred };
  }
  return { specifier: literal.text, names, ...resolve(literal.text, from, sources), typeOnly, deferred };
}

function resolve(specifier: string, from: string, sources: Sources): Pick<ImportEdge, 'to' | 'kind'> {
  if (/^\.{1,2}(\/|$)/.test(specifier)) {
    const path = posix.join(posix.dirname(from), specifier);
    const stem = path.replace(/\.js$/, '');
    const found = [path, `${stem}.ts`, `${stem}.d.ts`, posix.join(path, 'index.ts')].find((it) =>
      sources.has(it),
    );
    return found ? { to: found, kind: 'file' } : { to: path, kind: 'unresolved' };
  }
  if (/^[#/]/.test(specifier)) return { to: specifier, kind: 'unresolved' };
  if (isBuiltin(specifier)) return { to: specifier.replace(/^(node:)?/, 'node:'), kind: 'builtin' };
  const [scope = '', name = ''] = specifier.split('/');
  return { to: scope.startsWith('@') ? `${scope}/${name}` : scope, kind: 'package' };
}

function looseExportOf(node: ts.Node): LooseExport['kind'] | undefined {
  if (ts.isExportDeclaration(node))
    return node.exportClause && ts.isNamedExports(node.exportClause) ? undefined : 'export *';
  return exportsDefault(node) ? 'default export' : undefined;
}

function exportsDefault(node: ts.Node): boolean {
  if (ts.isExportAssignment(node)) return true;
  if (ts.isExportSpecifier(node)) return node.name.text === 'default';
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword);
}
