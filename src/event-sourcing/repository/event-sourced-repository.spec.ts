import { Aggregate, AggregateRoot, DomainError, DomainEvent, On } from '../domain';
import { ClaimTakenError, WrongExpectedVersionError } from '../event-store/errors';
import { NewEvent, RecordedEvent, StreamId } from '../event-store/event-envelope';
import { EventRegistry, UnknownEventTypeError } from '../event-store/event-registry';
import { AppendOptions, AppendResult } from '../event-store/event-store';
import { InMemoryEventStore } from '../event-store/in-memory-event-store';
import { runInMessageContext } from '../messaging/message-context';
import {
  AggregateAlreadyExistsError,
  AggregateNotFoundError,
  NothingRaisedError,
  VersionPreconditionError,
} from './errors';
import { EventSourcedRepository } from './event-sourced-repository';

@DomainEvent('AccountOpened')
class AccountOpened {
  constructor(readonly owner: string) {}
}

@DomainEvent('MoneyPaidIn')
class MoneyPaidIn {
  constructor(readonly amount: number) {}
}

class NicknameTakenError extends DomainError {
  readonly code = 'nickname.taken';
}

class OverdrawnError extends DomainError {
  readonly code = 'account.overdrawn';
}

@Aggregate('Account')
class Account extends AggregateRoot {
  owner = '';
  balance = 0;

  static open(id: string, owner = 'Ada'): Account {
    const account = new Account(id);
    account.raise(new AccountOpened(owner));
    return account;
  }

  payIn(amount: number): void {
    if (this.balance + amount < 0) throw new OverdrawnError('There is too little money.');
    if (amount !== 0) this.raise(new MoneyPaidIn(amount));
  }

  nickname(value: string, whenTaken?: () => DomainError): void {
    this.raise(new MoneyPaidIn(0));
    this.claim({ scope: 'nickname', value, whenTaken });
  }

  claimOnly(value: string): void {
    this.claim({ scope: 'nickname', value });
  }

  releaseOnly(value: string): void {
    this.release({ scope: 'nickname', value });
  }

  @On(AccountOpened)
  protected onOpened(event: AccountOpened): void {
    this.owner = event.owner;
  }

  @On(MoneyPaidIn)
  protected onPaidIn(event: MoneyPaidIn): void {
    this.balance += event.amount;
  }
}

/** Lets another process win: before each of the first `races` appends to a stream that is there, it pays one in. */
class RacingStore extends InMemoryEventStore {
  appends = 0;
  races = 0;

  override async appendToStream(
    stream: StreamId,
    events: readonly NewEvent[],
    options: AppendOptions,
  ): Promise<AppendResult> {
    this.appends++;
    if (this.races-- > 0) {
      await super.appendToStream(stream, [{ type: 'MoneyPaidIn', data: { amount: 1 } }], {
        expectedVersion: 'any',
      });
    }
    return super.appendToStream(stream, events, options);
  }

  async eventsOf(id: string): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const event of this.readStream({ type: 'Account', id })) events.push(event);
    return events;
  }
}

let store: RacingStore;
let accounts: EventSourcedRepository<Account>;

beforeEach(() => {
  store = new RacingStore();
  const registry = new EventRegistry();
  registry.register(AccountOpened);
  registry.register(MoneyPaidIn);
  accounts = new EventSourcedRepository(Account, store, registry);
});

describe('loading an aggregate', () => {
  it('finds nothing where no event is stored', async () => {
    expect(await accounts.find('a')).toBeUndefined();
  });

  it('gets it as its events make it, at the place of the last one', async () => {
    await accounts.save(Account.open('other'));
    await accounts.save(Account.open('a', 'Grace'));
    await accounts.update('a', (account) => account.payIn(5));
    const account = await accounts.get('a');
    expect(account).toBeInstanceOf(Account);
    expect({ ...account }).toEqual({ id: 'a', owner: 'Grace', balance: 5 });
    expect(AggregateRoot.placeOf(account)).toMatchObject({ version: 2, position: 3n });
    expect(AggregateRoot.pendingChanges(account).events).toEqual([]);
  });

  it('refuses to get one that does not exist, naming it', async () => {
    await expect(accounts.get('a')).rejects.toThrow(AggregateNotFoundError);
    await expect(accounts.get('a')).rejects.toMatchObject({
      message: 'Account a does not exist.',
      aggregateType: 'Account',
      aggregateId: 'a',
    });
  });

  it('refuses a stored event of an unknown type, and does not skip it', async () => {
    await store.appendToStream({ type: 'Account', id: 'a' }, [{ type: 'Unknown', data: {} }], {
      expectedVersion: 0,
    });
    await expect(accounts.find('a')).rejects.toThrow(UnknownEventTypeError);
  });
});

describe('saving an aggregate', () => {
  it('stores what was raised as one append, and answers where the aggregate stands', async () => {
    const account = Account.open('a');
    account.payIn(3);
    expect(await accounts.save(account)).toEqual({ version: 2, position: 2n });
    expect(store.appends).toBe(1);
    expect((await store.eventsOf('a')).map(({ type, data }) => ({ type, data }))).toEqual([
      { type: 'AccountOpened', data: { owner: 'Ada' } },
      { type: 'MoneyPaidIn', data: { amount: 3 } },
    ]);
  });

  it('refuses a new one under an id that is taken, and stores nothing', async () => {
    await accounts.save(Account.open('a'));
    const again = accounts.save(Account.open('a'));
    await expect(again).rejects.toThrow(AggregateAlreadyExistsError);
    await expect(again).rejects.toMatchObject({ aggregateType: 'Account', aggregateId: 'a' });
    expect(await store.eventsOf('a')).toHaveLength(1);
  });

  it('lets one of many that open the same account at once win', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => accounts.save(Account.open('a'))),
    );
    const refusals = results.flatMap((r) => (r.status === 'rejected' ? [r.reason as unknown] : []));
    expect(refusals).toHaveLength(19);
    for (const refusal of refusals) expect(refusal).toBeInstanceOf(AggregateAlreadyExistsError);
  });

  it('goes on from what it stored', async () => {
    const account = Account.open('a');
    await accounts.save(account);
    account.payIn(1);
    expect(await accounts.save(account)).toEqual({ version: 2, position: 2n });
    expect(account.version).toBe(2);
  });

  it('stores nothing twice when nothing was raised in between', async () => {
    const account = Account.open('a');
    await accounts.save(account);
    expect(await accounts.save(account)).toMatchObject({ version: 1, position: 1n });
    expect(store.appends).toBe(1);
  });

  it('refuses a new one that raised nothing', async () => {
    await expect(accounts.save(new Account('a'))).rejects.toThrow(NothingRaisedError);
    await expect(accounts.save(new Account('a'))).rejects.toThrow('Account raised no event');
  });

  it.each(['claimOnly', 'releaseOnly'] as const)(
    'refuses to lose a claim or a release that no event goes with (%s)',
    async (act) => {
      await accounts.save(Account.open('a'));
      const account = await accounts.get('a');
      account[act]('ada');
      await expect(accounts.save(account)).rejects.toThrow(NothingRaisedError);
      await expect(accounts.update('a', (a) => a[act]('ada'))).rejects.toThrow(NothingRaisedError);
    },
  );

  it('of a loaded one that lost a race is refused as that, and the aggregate keeps what it raised', async () => {
    await accounts.save(Account.open('a'));
    const account = await accounts.get('a');
    account.payIn(1);
    store.races = 1;
    await expect(accounts.save(account)).rejects.toThrow(WrongExpectedVersionError);
    expect(account.version).toBe(1);
    expect(AggregateRoot.pendingChanges(account).events).toEqual([new MoneyPaidIn(1)]);
  });
});

describe('updating an aggregate', () => {
  beforeEach(async () => {
    await accounts.save(Account.open('a'));
    store.appends = 0;
  });

  it('loads, decides, stores, and answers where the aggregate stands', async () => {
    expect(await accounts.update('a', (account) => account.payIn(5))).toEqual({ version: 2, position: 2n });
    expect((await accounts.get('a')).balance).toBe(5);
  });

  it('refuses one that does not exist, and does not ask for a decision', async () => {
    const decide = jest.fn();
    await expect(accounts.update('b', decide)).rejects.toThrow(AggregateNotFoundError);
    expect(decide).not.toHaveBeenCalled();
  });

  it('appends nothing when nothing is raised, and answers where the aggregate stands', async () => {
    await accounts.save(Account.open('later'));
    store.appends = 0;
    const result = await accounts.update('a', (account) => account.payIn(0));
    expect(result).toMatchObject({ version: 1, position: 1n });
    expect(store.appends).toBe(0);
  });

  it('passes on the error of a decision, and stores nothing', async () => {
    const decide = (account: Account) => {
      account.payIn(1);
      account.payIn(-5);
    };
    await expect(accounts.update('a', decide)).rejects.toThrow(OverdrawnError);
    expect(await store.eventsOf('a')).toHaveLength(1);
  });

  it('decides again on the fresh state after a lost race', async () => {
    store.races = 1;
    const seen: number[] = [];
    const result = await accounts.update('a', (account) => {
      seen.push(account.balance);
      account.payIn(10);
    });
    expect(seen).toEqual([0, 1]);
    expect(result).toEqual({ version: 3, position: 3n });
    expect((await accounts.get('a')).balance).toBe(11);
  });

  it('may decide otherwise after a lost race', async () => {
    store.races = 1;
    const payInOnce = (account: Account) => account.payIn(account.balance === 0 ? 10 : 0);
    expect(await accounts.update('a', payInOnce)).toMatchObject({ version: 2, position: 2n });
    expect((await accounts.get('a')).balance).toBe(1);
  });

  it('gives up after a bounded number of lost races', async () => {
    store.races = Number.POSITIVE_INFINITY;
    await expect(accounts.update('a', (account) => account.payIn(10))).rejects.toThrow(
      WrongExpectedVersionError,
    );
    expect(store.appends).toBe(12);
    const amounts = (await store.eventsOf('a')).slice(1).map((event) => event.data.amount);
    expect(amounts).toEqual(Array.from({ length: 12 }, () => 1));
  }, 30_000);

  it('succeeds when it wins the race at last', async () => {
    store.races = 4;
    await accounts.update('a', (account) => account.payIn(10));
    expect((await accounts.get('a')).balance).toBe(14);
    expect(store.appends).toBe(5);
  });
});

describe('updating only at certain versions', () => {
  beforeEach(async () => {
    await accounts.save(Account.open('a'));
    await accounts.update('a', (account) => account.payIn(1));
  });

  it.each([[[2]], [[1, 2, 3]]])('decides when the aggregate is at one of them: %j', async (ifVersion) => {
    expect(await accounts.update('a', (account) => account.payIn(1), { ifVersion })).toMatchObject({
      version: 3,
    });
  });

  it.each([[[1]], [[3]], [[0]], [[]]])('refuses before it decides otherwise: %j', async (ifVersion) => {
    const decide = jest.fn();
    const update = accounts.update('a', decide, { ifVersion });
    await expect(update).rejects.toThrow(VersionPreconditionError);
    await expect(update).rejects.toMatchObject({
      aggregateType: 'Account',
      aggregateId: 'a',
      actualVersion: 2,
    });
    expect(decide).not.toHaveBeenCalled();
  });

  it('refuses when a lost race moved the aggregate to another version', async () => {
    store.races = 1;
    const update = accounts.update('a', (account) => account.payIn(1), { ifVersion: [2] });
    await expect(update).rejects.toMatchObject({ name: 'VersionPreconditionError', actualVersion: 3 });
    expect(await store.eventsOf('a')).toHaveLength(3);
  });

  it('decides again when a lost race moved it to another one of them', async () => {
    store.races = 1;
    const result = await accounts.update('a', (account) => account.payIn(1), { ifVersion: [2, 3] });
    expect(result).toMatchObject({ version: 4 });
  });

  it('lets one of many updates at the same version win', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, () => accounts.update('a', (a) => a.payIn(1), { ifVersion: [2] })),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    expect(await store.eventsOf('a')).toHaveLength(3);
  });
});

describe('a claim that another aggregate holds', () => {
  const taken = () => new NicknameTakenError('The nickname is taken.');

  beforeEach(async () => {
    await accounts.save(Account.open('a'));
    await accounts.save(Account.open('b'));
    await accounts.update('a', (account) => account.nickname('ada'));
  });

  it('is refused in the words of the claim, by update and by save', async () => {
    const update = accounts.update('b', (account) => account.nickname('ada', taken));
    await expect(update).rejects.toThrow(NicknameTakenError);
    const fresh = Account.open('c');
    fresh.nickname('ada', taken);
    await expect(accounts.save(fresh)).rejects.toThrow(NicknameTakenError);
    expect(await accounts.find('c')).toBeUndefined();
    expect(await store.eventsOf('b')).toHaveLength(1);
  });

  it("is refused by the store's own error when the claim has no words", async () => {
    const update = accounts.update('b', (account) => account.nickname('ada'));
    await expect(update).rejects.toThrow(ClaimTakenError);
    await expect(update).rejects.toMatchObject({ claim: { scope: 'nickname', value: 'ada' } });
  });

  it('is refused in the words of the claim that is taken, and not of another', async () => {
    const update = accounts.update('b', (account) => {
      account.nickname('free', () => new OverdrawnError('This is not why.'));
      account.nickname('ada', taken);
    });
    await expect(update).rejects.toThrow(NicknameTakenError);
  });
});

describe('updates of one aggregate at the same time', () => {
  beforeEach(() => accounts.save(Account.open('a')));

  it('all succeed, a hundred of them, with dense versions and without a lost race', async () => {
    store.appends = 0;
    const results = await Promise.all(
      Array.from({ length: 100 }, () => accounts.update('a', (account) => account.payIn(1))),
    );
    expect(results.map((result) => result.version)).toEqual(Array.from({ length: 100 }, (_, i) => i + 2));
    expect((await accounts.get('a')).balance).toBe(100);
    expect(store.appends).toBe(100);
  });

  it('do not stop at one that fails', async () => {
    const results = await Promise.allSettled([
      accounts.update('a', (account) => account.payIn(1)),
      accounts.update('a', (account) => account.payIn(-100)),
      accounts.update('a', (account) => account.payIn(2)),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await accounts.get('a')).balance).toBe(3);
  });

  it('do not wait for updates of another', async () => {
    await accounts.save(Account.open('b'));
    let letGo = () => {};
    const append = store.appendToStream.bind(store);
    const held = new Promise<void>((resolve) => (letGo = resolve));
    store.appendToStream = async (stream, events, options) => {
      if (stream.id === 'a') await held;
      return append(stream, events, options);
    };
    const slow = accounts.update('a', (account) => account.payIn(1));
    expect(await accounts.update('b', (account) => account.payIn(1))).toMatchObject({ version: 2 });
    letGo();
    expect(await slow).toMatchObject({ version: 2 });
  });
});

describe('stored events', () => {
  const context = { correlationId: 'request-1', causationId: 'message-1', actor: 'ada' };

  it('have correlation, causation and actor of the message that is handled', async () => {
    await runInMessageContext(context, () => accounts.save(Account.open('a')));
    await runInMessageContext({ correlationId: 'request-2', actor: 'grace' }, () =>
      accounts.update('a', (account) => account.payIn(1)),
    );
    const events = await store.eventsOf('a');
    expect(events.map((event) => event.metadata)).toEqual([
      context,
      { correlationId: 'request-2', causationId: 'request-2', actor: 'grace' },
    ]);
  });

  it('have those of their own message, while others wait for their turn', async () => {
    await accounts.save(Account.open('a'));
    await Promise.all(
      ['r-1', 'r-2', 'r-3'].map((correlationId) =>
        runInMessageContext({ correlationId, actor: correlationId }, () =>
          accounts.update('a', (account) => account.payIn(1)),
        ),
      ),
    );
    const events = (await store.eventsOf('a')).slice(1);
    expect(events.map(({ metadata }) => metadata.actor)).toEqual(['r-1', 'r-2', 'r-3']);
  });

  it('have them outside any message, too', async () => {
    await accounts.save(Account.open('a'));
    const [event] = await store.eventsOf('a');
    expect(event?.metadata).toMatchObject({ actor: 'system', causationId: event?.metadata.correlationId });
    expect(event?.metadata.correlationId).toMatch(/^[0-9a-f-]{36}$/);
  });
});
