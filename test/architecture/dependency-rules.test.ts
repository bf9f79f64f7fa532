import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildImportGraph, findCycles, readSources } from './import-graph';
import type { ImportEdge, ImportGraph, Sources } from './import-graph';
import { breaches, importRules, packagesAreInstalled, pathRules } from './rules';
import type { Manifest } from './rules';
import { orderly, planted } from './sample-trees';

const root = join(__dirname, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const graphOf = (files: Record<string, string>): ImportGraph =>
  buildImportGraph(new Map(Object.entries(files)));
const short = (edge: ImportEdge): string =>
  `${edge.line} ${edge.kind} ${edge.to}${edge.typeOnly ? ' (type)' : ''}${edge.deferred ? ' (deferred)' : ''}`;

describe('the import graph', () => {
  const sources: Sources = new Map([
    ['src/b.ts', ''],
    ['src/c/index.ts', ''],
    [
      'src/a.ts',
      [
        `import b, { type C } from './b';`,
        `import type { D } from "./c";`,
        `import { type E, type F } from './c/index.js';`,
        `import './b.js';`,
        `export { G } from '@nestjs/common/pipes';`,
        `export type { H } from 'pg';`,
        `export * from './c/index';`,
        `import i = require('fs');`,
        `type J = import('typeorm').EntityManager;`,
        'const k = async () => import(`./c`);',
        `function l() { if (b) return require('node:path').sep + require.resolve('pg/lib') + require.resolve(b); }`,
        `const m = require(b);`,
        `const text = "import { n } from './n'"; // import { o } from './o';`,
        `import {`,
        `  p,`,
        `} from '../outside';`,
        `export default class Q {}`,
        `export { b as default };`,
        `export = b;`,
      ].join('\n'),
    ],
  ]);
  const graph = buildImportGraph(sources);

  it('sees every form of import, and only those', () => {
    expect(graph.edges.map(short)).toEqual([
      '1 file src/b.ts',
      '2 file src/c/index.ts (type)',
      '3 file src/c/index.ts (type)',
      '4 file src/b.ts',
      '5 package @nestjs/common',
      '6 package pg (type)',
      '7 file src/c/index.ts',
      '8 builtin node:fs',
      '9 package typeorm (type)',
      '10 file src/c/index.ts (deferred)',
      '11 builtin node:path (deferred)',
      '11 package pg (deferred)',
      '12 unresolved b (deferred)',
      '14 unresolved outside',
    ]);
  });

  it('sees what is taken, by its name there', () => {
    const taken = graphOf({
      'src/a.ts': [
        `import { b as c, type d } from './b';`,
        `export { e as f } from './b';`,
        `import g, { h } from './b';`,
        `import * as i from './b';`,
        `import './b';`,
        `type J = import('./b').K;`,
        `const l = import('./b');`,
      ].join('\n'),
      'src/b.ts': '',
    });
    expect(taken.edges.map(({ names }) => names.join())).toEqual(['b,d', 'e', '*', '*', '', 'K', '*']);
  });

  it('sees exports that name nothing', () => {
    const seen = graph.looseExports.map(({ line, kind }) => `${line} ${kind}`);
    expect(seen).toEqual(['7 export *', '17 default export', '18 default export', '19 default export']);
  });

  it('finds each cycle once, through values alone', () => {
    const round = graphOf({
      'src/a.ts': `import './b';`,
      'src/b.ts': `export { c } from './c';`,
      'src/c.ts': `const a = () => require('./a');`,
      'src/d.ts': `import type { E } from './e';`,
      'src/e.ts': `import { D } from './d';`,
      'src/f.ts': `import './f';\nimport './a';`,
    });
    expect(findCycles(round)).toEqual([
      ['src/a.ts', 'src/b.ts', 'src/c.ts', 'src/a.ts'],
      ['src/f.ts', 'src/f.ts'],
    ]);
  });
});

describe('the rules, on trees made to try them', () => {
  const installed = packagesAreInstalled({
    dependencies: { '@nestjs/common': '1', '@nestjs/cqrs': '1', pg: '1', typeorm: '1' },
    optionalDependencies: { 'only-optional': '1' },
  });
  const rules = [...importRules, installed];

  it.each(rules)('$name lets an orderly tree pass', (rule) => {
    expect(breaches(rule, graphOf(orderly))).toEqual([]);
  });

  it.each(rules)('$name catches each planted breach', (rule) => {
    const plants = planted[rule.name] ?? [];
    expect(plants).not.toEqual([]);
    for (const [file, line, target] of plants) {
      const graph = graphOf({ ...orderly, [file]: `${line}\n${orderly[file] ?? ''}` });
      expect(breaches(rule, graph)).toContain(`${file}:1 imports ${target}`);
    }
  });

  it('each has breaches planted for it, and none is planted for a rule that is gone', () => {
    expect(Object.keys(planted).sort()).toEqual(rules.map(({ name }) => name).sort());
  });

  it('an optional package may be loaded on demand', () => {
    const onDemand = graphOf({ 'src/main.ts': `const start = () => import('only-optional');` });
    expect(breaches(installed, onDemand)).toEqual([]);
  });

  it('a command reads no read model through a file between them', () => {
    const command = 'src/modules/users/application/rename-user.command.ts';
    const between = {
      [command]: `import { lookUp } from './look-up';`,
      'src/modules/users/application/look-up.ts': `import { UserRow } from '../read-model/user-row';`,
    };
    const broken = rules.filter((rule) => breaches(rule, graphOf({ ...orderly, ...between })).length > 0);
    expect(broken.map(({ name }) => name)).toEqual(['commands-read-no-read-model']);
  });

  const misnamed: Record<string, string[]> = {
    'known-kinds-of-folder': ['src/lib/clock.ts', 'src/modules/stray.ts'],
    'only-doors-have-an-index': [
      'src/index.ts',
      'src/platform/http/index.ts',
      'src/operations/cli/index.ts',
      'src/modules/users/domain/index.ts',
    ],
    'folders-are-named-by-subject': ['src/platform/utils/x.ts', 'src/modules/users/http/types/x.ts'],
    'names-use-the-words': ['src/platform/base.ts', 'src/event-sourcing/event-store/event-store-impl.ts'],
  };
  const wellNamed = [
    ...Object.keys(orderly),
    'src/platform/http/database-types.ts',
    'src/platform/offsetting.ts',
  ];

  it.each(pathRules)('$name knows a wrong path from a right one', ({ name, forbids }) => {
    expect(misnamed[name]?.length).toBeGreaterThan(0);
    expect(misnamed[name]?.filter((path) => !forbids(path))).toEqual([]);
    expect(wellNamed.filter(forbids)).toEqual([]);
  });
});

describe('the source tree', () => {
  const sources = readSources(root);
  const graph = buildImportGraph(sources);

  it('is seen whole: each import statement that a plain text search finds is an edge', () => {
    const statement = /^(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]/gm;
    const found = [...sources].flatMap(([from, text]) =>
      [...text.matchAll(statement)].map(([, named, bare]) => `${from}: ${named ?? bare ?? ''}`),
    );
    const edges = new Set(graph.edges.map(({ from, specifier }) => `${from}: ${specifier}`));
    expect(sources.size).toBeGreaterThan(0);
    expect(graph.edges.length).toBeGreaterThanOrEqual(found.length);
    expect(found.filter((it) => !edges.has(it))).toEqual([]);
  });

  it.each([...importRules, packagesAreInstalled(manifest)])('$name: $reason', (rule) => {
    expect(breaches(rule, graph)).toEqual([]);
  });

  it.each(pathRules)('$name: $reason', ({ forbids }) => {
    expect(graph.files.filter(forbids)).toEqual([]);
  });

  it('has no import cycle: what loads first would decide what is defined', () => {
    expect(findCycles(graph)).toEqual([]);
  });

  it('names what it exports: no `export *`, no default export', () => {
    expect(graph.looseExports.map(({ from, line, kind }) => `${from}:${line} ${kind}`)).toEqual([]);
  });
});
