import { compiled, pathIn } from '../support/compiled';

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
    '@On(Opened) on(event: Opened, context: { manager: Date }): void { this.log(event, context); }',
  'a method that gives something':
    '@On(Opened) on(event: Opened): string { this.log(event); return event.owner; }',
  'a method that gives anything': '@On(Opened) on(event: Opened): any { this.log(event); }',
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

/** What is not done when it returns: for projectors, and not for aggregates. */
const later: Readonly<Record<string, string>> = {
  'an async method': '@On(Opened) async on(event: Opened): Promise<void> { this.log(event); }',
  'an async method with a context':
    '@On(Opened) async on(event: Opened, context: { manager: Date }): Promise<void> { this.log(event, context); }',
  'a protected async method': '@On(Opened) protected async on(): Promise<void> {}',
  'a method that gives a promise': '@On(Opened) on(): Promise<number> { return Promise.resolve(1); }',
  'a method that gives a promise or nothing':
    '@On(Opened) on(): Promise<void> | undefined { return undefined; }',
  'a method that gives a thenable': '@On(Opened) on(): PromiseLike<void> { return Promise.resolve(); }',
  'a generator': '@On(Opened) *on(): Generator<number> { yield 1; }',
};

/** TypeScript compares members, not names: this is how far the check goes. */
const tooAlike: Readonly<Record<string, string>> = {
  'an event with the same members': '@On(Closed) protected on(event: Abandoned): void { this.log(event); }',
  'an event with fewer members': '@On(OpenedInTown) protected on(event: Opened): void { this.log(event); }',
};

const fileOf = (name: string): string => pathIn('event-sourcing/domain', name);
const texts = new Map<string, string>([[fileOf('prelude'), prelude]]);
for (const [name, member] of membersByName()) texts.set(fileOf(name), classWith(member));
for (const [name, member] of Object.entries(later))
  texts.set(fileOf(`${name} in a projector`), classWith(member, 'Projecting'));

describe('the compiler', () => {
  const errors = compiled(texts);

  it('finds nothing wrong with the classes that the others use', () => {
    expect(errors(fileOf('prelude'))).toEqual([]);
  });

  it.each(Object.keys(accepted))('accepts @On on %s', (name) => {
    expect(errors(fileOf(name))).toEqual([]);
  });

  it.each(Object.entries(refused))('refuses @On on %s', (name, [, code]) => {
    expect(errors(fileOf(name))).toEqual([expect.stringMatching(`^TS${code}: `)]);
  });

  it.each(Object.keys(later))('refuses @On on %s in an aggregate', (name) => {
    expect(errors(fileOf(name))).toEqual([expect.stringMatching(/^TS1241: .*MustBeDoneWhenItReturns/s)]);
  });

  it.each(Object.keys(later))('accepts @On on %s in a projector', (name) => {
    expect(errors(fileOf(`${name} in a projector`))).toEqual([]);
  });

  it('says which type the method should have had', () => {
    const [error] = errors(fileOf('a method that takes another event, with other members'));
    expect(error).toMatch(/'Opened'.*'Paid'/s);
  });

  it.each(Object.keys(tooAlike))('does not tell the event from %s', (name) => {
    expect(errors(fileOf(name))).toEqual([]);
  });
});

function membersByName(): [name: string, member: string][] {
  const wrong = Object.entries(refused).map(([name, [member]]): [string, string] => [name, member]);
  return [...Object.entries(accepted), ...wrong, ...Object.entries(tooAlike), ...Object.entries(later)];
}

function classWith(member: string, parent = 'p.AggregateRoot'): string {
  return `
    import * as p from './__prelude';
    const { On, Opened, Paid, Closed, OpenedInTown } = p;
    type Opened = p.Opened; type Paid = p.Paid; type Abandoned = p.Abandoned; type OpenedInTown = p.OpenedInTown;
    export type Named = Opened | Paid | Abandoned | OpenedInTown;
    export const all = [Opened, Paid, Closed, OpenedInTown];
    class Projecting { readonly id = ''; readonly version = 1; }
    export const parents = [Projecting];
    export class Account extends ${parent} {
      protected log(...values: unknown[]): void { void values; }
      ${member}
    }`;
}
