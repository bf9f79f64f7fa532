import { dirname, join } from 'node:path';
import * as ts from 'typescript';

const folder = __dirname;
const root = join(folder, '../../..');

const prelude = `
import { AggregateRoot } from './aggregate-root';
import { On } from './on';

class Opened { constructor(readonly owner: string) {} }
class Paid { constructor(readonly amount: number) {} }
class Closed {}
class Abandoned {}
class OpenedInTown { constructor(readonly owner: string, readonly town: string) {} }

export { AggregateRoot, On, Opened, Paid, Closed, Abandoned, OpenedInTown };
`;

const wrongMethod = 1241;
const wrongProperty = 1240;
const wrongParameterDecorator = 1239;

/** Members of a class, by what they show; and the codes of the compiler's errors. */
const accepted: Readonly<Record<string, string>> = {
  'a method that takes the event': '@On(Opened) protected on(event: Opened): void { this.log(event.owner); }',
  'a method without a parameter': '@On(Opened) protected on(): void {}',
  'a method that takes a part of the event':
    '@On(Opened) protected on(event: { owner: string }): void { this.log(event); }',
  'a method that takes the event and a context':
    '@On(Opened) async on(event: Opened, context: { manager: Date }): Promise<void> { this.log(event, context); }',
  'methods for several events':
    '@On(Opened) a(event: Opened): void { this.log(event); } @On(Paid) b(event: Paid): void { this.log(event); }',
};

const refused: Readonly<Record<string, readonly [member: string, code: number]>> = {
  'a method that takes another event, with other members': [
    '@On(Opened) protected on(event: Paid): void { this.log(event); }',
    wrongMethod,
  ],
  'a method that takes an event with more members': [
    '@On(Opened) protected on(event: OpenedInTown): void { this.log(event); }',
    wrongMethod,
  ],
  'a method whose parameter has a member of another type': [
    '@On(Opened) protected on(event: { owner: number }): void { this.log(event); }',
    wrongMethod,
  ],
  'a method that takes text': [
    '@On(Opened) protected on(event: string): void { this.log(event); }',
    wrongMethod,
  ],
  'a property': ['@On(Opened) protected on = (event: Opened): void => this.log(event);', wrongProperty],
  'a property that is no function': ['@On(Opened) protected on = 1;', wrongProperty],
  'a getter of a value': ['@On(Opened) get on(): number { return 1; }', wrongMethod],
  'a parameter': [
    'protected on(@On(Opened) event: Opened): void { this.log(event); }',
    wrongParameterDecorator,
  ],
};

/** TypeScript compares members, not names: this is how far the check goes. */
const tooAlike: Readonly<Record<string, string>> = {
  'an event with the same members': '@On(Closed) protected on(event: Abandoned): void { this.log(event); }',
  'an event with fewer members': '@On(OpenedInTown) protected on(event: Opened): void { this.log(event); }',
};

const sources = new Map<string, string>([[join(folder, '__prelude.ts'), prelude]]);
const fileOf = (name: string): string => join(folder, `__${name.replaceAll(/\W+/g, '-')}.ts`);
for (const [name, member] of membersByName()) sources.set(fileOf(name), classWith(member));

describe('the compiler', () => {
  const program = ts.createProgram([...sources.keys()], compilerOptions(), hostWith(sources));

  it('finds nothing wrong with the decorator itself', () => {
    for (const file of [join(folder, 'on.ts'), join(folder, '__prelude.ts')])
      expect(errors(file)).toEqual([]);
  });

  it.each(Object.keys(accepted))('accepts @On on %s', (name) => {
    expect(errors(fileOf(name))).toEqual([]);
  });

  it.each(Object.entries(refused))('refuses @On on %s', (name, [, code]) => {
    expect(errors(fileOf(name))).toEqual([expect.stringMatching(`^TS${code}: `)]);
  });

  it('says which type the method should have had', () => {
    const [error] = errors(fileOf('a method that takes another event, with other members'));
    expect(error).toMatch(/'Opened'.*'Paid'/s);
  });

  it.each(Object.keys(tooAlike))('does not tell the event from %s', (name) => {
    expect(errors(fileOf(name))).toEqual([]);
  });

  /** As text: a diagnostic holds the whole program, which no report of a failed test should print. */
  function errors(file: string): readonly string[] {
    const source = program.getSourceFile(file);
    if (!source) throw new Error(`${file} was not compiled.`);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(
      ({ code, messageText }) => `TS${code}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
  }
});

function membersByName(): [name: string, member: string][] {
  const wrong = Object.entries(refused).map(([name, [member]]): [string, string] => [name, member]);
  return [...Object.entries(accepted), ...wrong, ...Object.entries(tooAlike)];
}

function classWith(member: string): string {
  return `
    import * as p from './__prelude';
    const { On, Opened, Paid, Closed, OpenedInTown } = p;
    type Opened = p.Opened; type Paid = p.Paid; type Abandoned = p.Abandoned; type OpenedInTown = p.OpenedInTown;
    export type Named = Opened | Paid | Abandoned | OpenedInTown;
    export const all = [Opened, Paid, Closed, OpenedInTown];
    export class Account extends p.AggregateRoot {
      protected log(...values: unknown[]): void { void values; }
      ${member}
    }`;
}

/** Those of the project, without the declarations of the test runner, which nothing here needs. */
function compilerOptions(): ts.CompilerOptions {
  const path = join(root, 'tsconfig.json');
  const { config } = ts.readConfigFile(path, (file) => ts.sys.readFile(file)) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(
    { ...(config as object), files: [] },
    ts.sys,
    dirname(path),
  );
  return { ...options, types: [] };
}

/** The files of the project, and the given ones, which are nowhere on the disk. */
function hostWith(texts: ReadonlyMap<string, string>): ts.CompilerHost {
  const host = ts.createCompilerHost(compilerOptions());
  const { getSourceFile, fileExists, readFile } = host;
  return {
    ...host,
    fileExists: (file) => texts.has(file) || fileExists.call(host, file),
    readFile: (file) => texts.get(file) ?? readFile.call(host, file),
    getSourceFile: (file, options, ...more) => {
      const text = texts.get(file);
      return text === undefined
        ? getSourceFile.call(host, file, options, ...more)
        : ts.createSourceFile(file, text, options);
    },
  };
}
