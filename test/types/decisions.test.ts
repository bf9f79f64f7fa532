import { compiled, pathIn } from '../support/compiled';

const prelude = `
import { AggregateRoot } from '../domain';
import { EventSourcedRepository } from './event-sourced-repository';

class Account extends AggregateRoot {
  balance = 0;
  deposit(by: number): void { this.balance += by; }
  depositFluently(by: number): this { this.deposit(by); return this; }
  tryDeposit(by: number): boolean { return by > this.balance; }
  async depositLater(by: number): Promise<void> { this.deposit(await Promise.resolve(by)); }
}
declare const accounts: EventSourcedRepository<Account>;
declare const anything: any;
declare const unknownly: (account: Account) => unknown;

export { Account, accounts, anything, unknownly };
`;

const accepted: Readonly<Record<string, string>> = {
  'a block': '(account) => { account.deposit(1); }',
  'a call that gives nothing': '(account) => account.deposit(1)',
  'a call that gives the aggregate': '(account) => account.depositFluently(1)',
  'a call that gives a value': '(account) => account.tryDeposit(1)',
  'a list of calls': '(account) => [1, 2].forEach((by) => account.deposit(by))',
  'a function that is declared to give nothing': '(account: Account): void => account.deposit(1)',
  'a function that takes nothing': '() => undefined',
  'a function that always throws': "() => { throw new Error('no'); }",
  'what the compiler knows nothing of': 'anything',
  'a function that gives something unknown': 'unknownly',
};

const refused: Readonly<Record<string, string>> = {
  'an async function': 'async (account) => account.deposit(1)',
  'an async function with a block': 'async (account) => { account.deposit(1); await Promise.resolve(); }',
  'a call that gives a promise': '(account) => account.depositLater(1)',
  'a call that may give a promise': '(account) => account.balance > 0 ? account.depositLater(1) : undefined',
  'a promise of something else': '() => Promise.resolve(1)',
  'a thenable': '() => ({ then: (done: (value: number) => unknown) => done(1) }) as PromiseLike<number>',
  'a generator': 'function* (account: Account) { account.deposit(1); yield 1; }',
  'an async generator': 'async function* (account: Account) { account.deposit(1); yield 1; }',
};

const fileOf = (name: string): string => pathIn('event-sourcing/repository', name);
const texts = new Map([[fileOf('prelude'), prelude]]);
for (const [name, decide] of Object.entries({ ...accepted, ...refused })) {
  texts.set(
    fileOf(name),
    `import * as p from './__prelude';
    const { accounts, anything, unknownly } = p;
    type Account = p.Account;
    export const used: unknown[] = [anything, unknownly, undefined as Account | undefined];
    export const done = accounts.update('a', ${decide});`,
  );
}

describe('the compiler', () => {
  const errors = compiled(texts);

  it('finds nothing wrong with the classes that the others use', () => {
    expect(errors(fileOf('prelude'))).toEqual([]);
  });

  it.each(Object.keys(accepted))('accepts as a decision %s', (name) => {
    expect(errors(fileOf(name))).toEqual([]);
  });

  it.each(Object.keys(refused))('refuses as a decision %s', (name) => {
    expect(errors(fileOf(name))).toEqual([
      expect.stringMatching(/^TS(2322|2345): .*MustBeDoneWhenItReturns/s),
    ]);
  });
});
