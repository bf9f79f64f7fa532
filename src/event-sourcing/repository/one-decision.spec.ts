import { setImmediate as turn } from 'node:timers/promises';
import { Aggregate, AggregateRoot, AggregateSealedError, DomainEvent, NotAtOnceError, On } from '../domain';
import { NewEvent, RecordedEvent, StreamId } from '../event-store/event-envelope';
import { EventRegistry } from '../event-store/event-registry';
import { AppendOptions, AppendResult } from '../event-store/event-store';
import { InMemoryEventStore } from '../event-store/in-memory-event-store';
import { AggregateCache } from './aggregate-cache';
import { RaisedInConstructorError } from './errors';
import { EventSourcedRepository } from './event-sourced-repository';

@DomainEvent('Deposited')
class Deposited {
  constructor(readonly amount: number) {}
}

@DomainEvent('Renamed')
class Renamed {
  constructor(readonly name: string) {}
}

@Aggregate('Account')
class Account extends AggregateRoot {
  balance = 0;
  name = '';

  static open(id: string, amount = 100): Account {
    const account = new Account(id);
    account.deposit(amount);
    return account;
  }

  deposit(amount: number): void {
    if (this.balance + amount < 0) throw new RangeError('There is too little money.');
    this.raise(new Deposited(amount));
  }

  async depositLater(amount: number): Promise<void> {
    await turn();
    this.deposit(amount);
  }

  *depositOnDemand(amount: number): Generator<number> {
    yield amount;
    this.deposit(amount);
  }

  reserve(value: string): void {
    this.claim({ scope: 'number', value });
  }

  giveUp(value: string): void {
    this.release({ scope: 'number', value });
  }

  rename(name: string): void {
    this.raise(new Renamed(name));
  }

  @On(Deposited)
  protected onDeposited({ amount }: Deposited): void {
    this.balance += amount;
  }

  @On(Renamed)
  protected onRenamed({ name }: Renamed): void {
    if (name === '') throw new RangeError('A name is not empty.');
    this.name = name;
  }
}

/** What the compiler refuses, as a caller without types would write it. */
type Untyped = (account: Account) => void;

/** Lets an append wait until it is told to go on. */
class SlowStore extends InMemoryEventStore {
  gate: Promise<void> = Promise.resolve();

  override async appendToStream(
    stream: StreamId,
    events: readonly NewEvent[],
    options: AppendOptions,
  ): Promise<AppendResult> {
    await this.gate;
    return super.appendToStream(stream, events, options);
  }

  async dataOf(id: string, type = 'Account'): Promise<unknown[]> {
    const events: RecordedEvent[] = [];
    for await (const event of this.readStream({ type, id })) events.push(event);
    return events.map(({ data }) => Object.values(data)[0]);
  }
}

let store: SlowStore;
let registry: EventRegistry;
let unhandled: unknown[];
const note = (reason: unknown): void => void unhandled.push(reason);

beforeEach(() => {
  store = new SlowStore();
  registry = new EventRegistry();
  registry.register(Deposited);
  registry.register(Renamed);
  unhandled = [];
  process.on('unhandledRejection', note);
});

afterEach(async () => {
  for (let turns = 0; turns < 3; turns++) await turn();
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

describe.each([
  ['loaded', () => undefined],
  ['kept', () => new AggregateCache(1_000_000)],
])('a decision upon a %s aggregate', (_how, cache) => {
  let accounts: EventSourcedRepository<Account>;

  beforeEach(async () => {
    accounts = new EventSourcedRepository(Account, store, registry, cache());
    await accounts.save(Account.open('a'));
    await accounts.update('a', (account) => account.deposit(1));
  });

  const later: readonly (readonly [what: string, decide: (account: Account) => unknown])[] = [
    ['waits before it raises', async (account) => (await turn(), account.deposit(5))],
    ['waits after it raised', async (account) => (account.deposit(5), await turn())],
    ['is async and does not wait', async (account) => Promise.resolve(account.deposit(5))],
    ['calls a method that waits', (account) => account.depositLater(5)],
    ['is async and is refused', async (account) => Promise.resolve(account.deposit(-500))],
    ['refuses later', (account) => account.depositLater(-500)],
    ['gives several promises', (account) => [1, 2].map((by) => account.depositLater(by))],
    ['gives a thenable', () => ({ then: () => undefined })],
    [
      'is a generator',
      function* (account) {
        yield account.deposit(5);
      },
    ],
    [
      'is an async generator',
      async function* (account) {
        yield account.deposit(5);
        await turn();
      },
    ],
    ['calls a generator', (account) => account.depositOnDemand(5)],
  ];

  it.each(later)('is refused when it %s, and nothing of it is stored by the next', async (_what, decide) => {
    await expect(accounts.update('a', decide)).rejects.toThrow(NotAtOnceError);
    for (let turns = 0; turns < 3; turns++) await turn();
    await accounts.update('a', (account) => account.deposit(7));
    expect(await store.dataOf('a')).toEqual([100, 1, 7]);
    expect((await accounts.get('a')).balance).toBe(108);
  });

  it('runs once when it gives a promise', async () => {
    let runs = 0;
    const decide = async () => Promise.resolve(runs++);
    await expect(accounts.update('a', decide as unknown as Untyped)).rejects.toThrow(
      'A decision upon Account a is not done when it returns: it gives a promise or a generator. Await what it needs before update()',
    );
    expect(runs).toBe(1);
  });

  it('may give a value', async () => {
    await accounts.update('a', (account) => account.balance > 0);
    await accounts.update('a', (account) => (account.deposit(3), account));
    expect(await store.dataOf('a')).toEqual([100, 1, 3]);
  });

  it('seals the aggregate behind it: a reference that was kept decides nothing more', async () => {
    const kept: Account[] = [];
    await accounts.update('a', (account) => (kept.push(account), account.deposit(2)));
    const [account] = kept;
    for (const act of [
      () => account?.deposit(1_000),
      () => account?.reserve('n'),
      () => account?.giveUp('n'),
      () => account?.rename('Eve'),
    ])
      expect(act).toThrow(AggregateSealedError);
    await expect(accounts.save(account as Account)).rejects.toThrow(AggregateSealedError);
    await accounts.update('a', (again) => again.deposit(3));
    expect(() => account?.deposit(1_000)).toThrow('Account a cannot raise Deposited: its decision is over.');
    expect(await store.dataOf('a')).toEqual([100, 1, 2, 3]);
  });

  it('seals the aggregate also when it throws', async () => {
    const kept: Account[] = [];
    const decide = (account: Account) => (kept.push(account), account.deposit(-500));
    await expect(accounts.update('a', decide)).rejects.toThrow(RangeError);
    for (const account of kept) expect(() => account.deposit(1)).toThrow(AggregateSealedError);
  });

  it('lets what an async method raises later meet the seal', async () => {
    const failures: unknown[] = [];
    await accounts.update('a', (account) => {
      account.depositLater(-90).catch((error: unknown) => failures.push(error));
      account.deposit(5);
    });
    await accounts.update('a', (account) => account.deposit(7));
    for (let turns = 0; turns < 3; turns++) await turn();
    expect(failures).toEqual([expect.any(AggregateSealedError)]);
    expect(await store.dataOf('a')).toEqual([100, 1, 5, 7]);
  });

  it('stores nothing when an @On method failed in it, though it went on', async () => {
    const decide = (account: Account): void => {
      account.deposit(5);
      try {
        account.rename('');
      } catch {
        account.balance = -1;
      }
    };
    await expect(accounts.update('a', decide)).rejects.toThrow('one of its @On methods runs, or has failed');
    await accounts.update('a', (account) => account.deposit(account.balance));
    expect(await store.dataOf('a')).toEqual([100, 1, 101]);
  });
});

describe('an aggregate of the caller', () => {
  let accounts: EventSourcedRepository<Account>;
  let open: () => void;

  beforeEach(() => {
    accounts = new EventSourcedRepository(Account, store, registry, new AggregateCache(1_000_000));
    store.gate = new Promise((resolve) => (open = resolve));
  });

  it('is open from when it is made, and again once it is saved', async () => {
    open();
    const account = Account.open('a');
    account.deposit(2);
    await accounts.save(account);
    account.deposit(3);
    await accounts.save(account);
    const found = await accounts.get('a');
    found.deposit(4);
    await accounts.save(found);
    expect(await store.dataOf('a')).toEqual([100, 2, 3, 4]);
  });

  it('refuses to raise, to claim and to release while it is being saved, and loses nothing', async () => {
    const account = Account.open('a');
    const saved = accounts.save(account);
    for (const act of [() => account.deposit(5), () => account.reserve('n'), () => account.giveUp('n')])
      expect(act).toThrow('it is being saved. Wait for save() first.');
    await expect(accounts.save(account)).rejects.toThrow(AggregateSealedError);
    open();
    await saved;
    account.deposit(5);
    account.reserve('n');
    await accounts.save(account);
    expect(await store.dataOf('a')).toEqual([100, 5]);
    expect(account.balance).toBe(105);
    const other = Account.open('b');
    other.reserve('n');
    await expect(accounts.save(other)).rejects.toThrow('held by another stream');
  });

  it('keeps what it raised, and is open again, when the save failed', async () => {
    open();
    await accounts.save(Account.open('taken'));
    const account = Account.open('taken', 1);
    await expect(accounts.save(account)).rejects.toThrow('exists already');
    account.deposit(2);
    expect(AggregateRoot.pendingChanges(account).events).toHaveLength(2);
  });

  it('is not stored while a decision upon it is under way', async () => {
    open();
    await accounts.save(Account.open('a'));
    const saves: Promise<unknown>[] = [];
    const decide = (account: Account): void => {
      account.deposit(1);
      saves.push(accounts.save(account));
    };
    await expect(accounts.update('a', decide)).rejects.toThrow('it is being saved');
    await Promise.all(saves);
    expect(await store.dataOf('a')).toEqual([100, 1]);
  });
});

describe('an aggregate whose @On method is async', () => {
  @Aggregate('Slow')
  class Slow extends AggregateRoot {
    spent = 0;

    spend(amount: number): void {
      if (this.spent + amount > 100) throw new RangeError('That is too much.');
      this.raise(new Deposited(amount));
    }

    protected async onSpent({ amount }: Deposited): Promise<void> {
      await turn();
      this.spent += amount;
      throw new RangeError('It failed later.');
    }
  }
  (On(Deposited) as MethodDecorator)(Slow.prototype, 'onSpent', {});

  const slow = { type: 'Slow', id: 's' };

  it('raises nothing, and the caller is told', () => {
    const made = new Slow('s');
    expect(() => made.spend(80)).toThrow(
      'Slow.onSpent, its @On method for Deposited, is not done when it returns',
    );
    expect(AggregateRoot.pendingChanges(made).events).toEqual([]);
  });

  it.each(['find', 'update'] as const)('is not loaded by %s, and the caller is told', async (how) => {
    await store.appendToStream(slow, [{ type: 'Deposited', data: { amount: 80 } }], { expectedVersion: 0 });
    const repository = new EventSourcedRepository(Slow, store, registry, new AggregateCache(1_000_000));
    const asked = how === 'find' ? repository.find('s') : repository.update('s', (it) => it.spend(80));
    await expect(asked).rejects.toThrow(NotAtOnceError);
    expect(await store.dataOf('s', 'Slow')).toEqual([80]);
  });
});

describe('events that nobody decided', () => {
  it('are refused in the constructor of an aggregate', async () => {
    @Aggregate('Eager')
    class Eager extends AggregateRoot {
      constructor(id: string) {
        super(id);
        this.raise(new Deposited(1));
      }

      @On(Deposited)
      protected onDeposited(_event: Deposited): void {}
    }
    const repository = new EventSourcedRepository(Eager, store, registry);
    await store.appendToStream({ type: 'Eager', id: 'e' }, [{ type: 'Deposited', data: { amount: 1 } }], {
      expectedVersion: 0,
    });
    await expect(repository.update('e', () => undefined)).rejects.toThrow(RaisedInConstructorError);
    expect(await store.dataOf('e', 'Eager')).toEqual([1]);
  });

  it('are refused in an @On method', () => {
    class Echo extends AggregateRoot {
      shout(): void {
        this.raise(new Deposited(1));
      }

      @On(Deposited)
      protected onDeposited(_event: Deposited): void {
        this.raise(new Renamed('again'));
      }
    }
    expect(() => new Echo('e').shout()).toThrow(
      'Echo e cannot raise Renamed: one of its @On methods runs, or has failed.',
    );
  });
});

describe('the cache', () => {
  it('drops an aggregate on which something waits to be stored', () => {
    const cache = new AggregateCache(1_000_000);
    const stream = { type: 'Account', id: 'a' };
    cache.keep(stream, { aggregate: Account.open('a'), size: 1 });
    expect(cache.take(stream)).toBeUndefined();
    const claiming = new Account('a');
    claiming.reserve('n');
    cache.keep(stream, { aggregate: claiming, size: 1 });
    expect(cache.take(stream)).toBeUndefined();
    expect(cache.size).toBe(0);
  });
});
