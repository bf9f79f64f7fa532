import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as kernel from '../../src/event-sourcing';
import * as domain from '../../src/event-sourcing/domain';
import { type ErrorClass, errorClasses, plainErrors } from './error-classes';
import { readSources, type Sources } from './import-graph';

const root = join(__dirname, '../..');
const base = 'EventSourcingError';
const codePattern = /^[a-z]+(?:-[a-z]+)*(?:\.[a-z]+(?:-[a-z]+)*)+$/;
const kinds = ['invalid', 'not-found', 'conflict', 'rule', 'unavailable', 'defect'];
const sources: Sources = new Map(
  ['src/event-sourcing', 'src/extensions']
    .flatMap((folder) => [...readSources(root, folder)])
    // What a developer runs, and no application: its errors are read in a terminal.
    .filter(([file]) => !/^src\/event-sourcing\/(testing|schematics)\//.test(file)),
);
const classes = errorClasses(sources);
const concrete = classes.filter(({ isAbstract }) => !isAbstract);

interface Row {
  readonly code: string;
  readonly kind: string;
  readonly errorClass: string;
  readonly meaning: string;
  readonly mend: string;
}

/** The rows of the table of codes: each begins with a code that has a dot. */
function documentedErrors(): readonly Row[] {
  const page = readFileSync(join(root, 'docs/reference/errors.md'), 'utf8');
  return page
    .split('\n')
    .filter((line) => /^\| `[a-z-]+\.[a-z.-]+`\s*\|/.test(line))
    .map((line) => {
      const [code, kind, errorClass, meaning, mend] = line
        .split('|')
        .slice(1)
        .map((cell) => cell.trim());
      const name = (cell: string | undefined): string => cell?.replaceAll('`', '') ?? '';
      return {
        code: name(code),
        kind: name(kind),
        errorClass: name(errorClass),
        meaning: meaning ?? '',
        mend: mend ?? '',
      };
    });
}

/** What is wrong with the classes, as sentences. */
function mistakes(found: readonly ErrorClass[]): string[] {
  const others = found.filter(({ name }) => name !== base);
  const strangers = others.filter(({ ancestors }) => !ancestors.includes(base));
  const thrown = others.filter(({ isAbstract }) => !isAbstract);
  const sentences = [
    ...strangers.map((each) => [each, `does not extend ${base}`] as const),
    ...thrown.flatMap((each) => mistakesInMembers(each).map((mistake) => [each, mistake] as const)),
    ...twins(thrown),
  ];
  return sentences.map(([{ name, place }, mistake]) => `${name} (${place}) ${mistake}`);
}

function mistakesInMembers({ code, kind }: ErrorClass): string[] {
  const mistakes: string[] = [];
  if (!codePattern.test(code ?? '')) mistakes.push(`has no code like 'stream.version-conflict': ${code}`);
  if (!kinds.includes(kind ?? '')) mistakes.push(`has no kind: ${kind}`);
  return mistakes;
}

function twins(thrown: readonly ErrorClass[]): (readonly [ErrorClass, string])[] {
  return thrown.flatMap((each, index) => {
    const other = thrown.slice(0, index).find(({ code }) => code !== undefined && code === each.code);
    return other ? [[each, `has the code of ${other.name}`] as const] : [];
  });
}

describe('the errors of the kernel', () => {
  it('extend one class, and each has a kind and a code of its own', () => {
    expect(concrete.length).toBeGreaterThan(50);
    expect(mistakes(classes)).toEqual([]);
  });

  it('are all that it throws: no plain Error leaves it', () => {
    expect(plainErrors(sources)).toEqual([]);
  });

  it('extend that class also where they are exported', () => {
    const exported = Object.entries({ ...kernel, ...domain } as Record<string, unknown>).filter(
      ([, value]) => typeof value === 'function' && value.prototype instanceof Error,
    );
    const prototypes = exported.map(([name, value]) => [name, (value as typeof Error).prototype] as const);
    const strangers = prototypes.filter(
      ([name, prototype]) =>
        name !== base && !Object.prototype.isPrototypeOf.call(kernel.EventSourcingError.prototype, prototype),
    );
    expect(exported.length).toBeGreaterThan(40);
    expect(strangers.map(([name]) => name)).toEqual([]);
  });

  it('stand in docs/reference/errors.md with code, kind, meaning and mend, and nothing else does', () => {
    const rows = documentedErrors();
    const inCode = concrete.map(({ name, code, kind }) => `${code} ${kind} ${name}`).sort();
    expect(rows.map(({ code, kind, errorClass }) => `${code} ${kind} ${errorClass}`)).toEqual(inCode);
    expect(rows.filter(({ meaning, mend }) => meaning === '' || mend === '')).toEqual([]);
  });
});

describe('the check of errors', () => {
  const planted: Sources = new Map([
    [
      'src/event-sourcing/planted.ts',
      [
        `export abstract class EventSourcingError extends Error {}`,
        `export class FineError extends EventSourcingError { readonly code = 'lamp.broken'; readonly kind = 'rule'; }`,
        `export class HeirError extends FineError { override readonly code = 'lamp.heir'; }`,
        `export class StrangerError extends Error { readonly code = 'lamp.strange'; readonly kind = 'rule'; }`,
        `export class TwinError extends EventSourcingError { readonly code = 'lamp.broken'; readonly kind = 'rule'; }`,
        `class BareError extends EventSourcingError {}`,
        `export class OddError extends EventSourcingError { readonly code = 'LampOdd'; readonly kind = 'odd'; }`,
        `export function light() { throw new TypeError('dark'); }`,
        `export function dim() { throw new FineError('dim'); }`,
      ].join('\n'),
    ],
  ]);

  it('finds every planted breach', () => {
    const place = (line: number) => `(src/event-sourcing/planted.ts:${line})`;
    expect(mistakes(errorClasses(planted))).toEqual([
      `StrangerError ${place(4)} does not extend EventSourcingError`,
      `BareError ${place(6)} has no code like 'stream.version-conflict': undefined`,
      `BareError ${place(6)} has no kind: undefined`,
      `OddError ${place(7)} has no code like 'stream.version-conflict': LampOdd`,
      `OddError ${place(7)} has no kind: odd`,
      `TwinError ${place(5)} has the code of FineError`,
    ]);
    expect(plainErrors(planted)).toEqual(['src/event-sourcing/planted.ts:8']);
  });
});
