import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Command, CommandBus, CommandHandler } from '@nestjs/cqrs';
import {
  type AppendResult,
  DurableEventsHandler,
  EventSourcedRepository,
  type HandlerContext,
  InjectAggregate,
} from '..';
import { Aggregate, AggregateRoot, DomainEvent, On } from '../domain';
import { handlerSpec } from '.';

@DomainEvent('AccountOpened')
class AccountOpened {
  constructor(readonly owner: string) {}
}

@DomainEvent('AccountClosed')
class AccountClosed {
  constructor(readonly reason: string) {}
}

class ClosedError extends Error {}

@Aggregate('Account')
class Account extends AggregateRoot {
  private isClosed = false;

  static open(id: string, owner: string): Account {
    const account = new Account(id);
    account.raise(new AccountOpened(owner));
    return account;
  }

  close(reason: string): void {
    if (this.isClosed) throw new ClosedError('The account is closed.');
    this.raise(new AccountClosed(reason));
  }

  @On(AccountOpened)
  protected onOpened(): void {}

  @On(AccountClosed)
  protected onClosed(): void {
    this.isClosed = true;
  }
}

class CloseAccount extends Command<AppendResult> {
  constructor(
    readonly accountId: string,
    readonly reason: string,
  ) {
    super();
  }
}

@CommandHandler(CloseAccount)
class CloseAccountHandler {
  constructor(@InjectAggregate(Account) private readonly accounts: EventSourcedRepository<Account>) {}

  execute({ accountId, reason }: CloseAccount): Promise<AppendResult> {
    return this.accounts.update(accountId, (account) => account.close(reason));
  }
}

abstract class Mailer {
  abstract send(to: string, text: string): Promise<void>;
}

@Injectable()
@DurableEventsHandler('farewell', AccountClosed)
class Farewell {
  constructor(
    private readonly mailer: Mailer,
    private readonly commands: CommandBus,
  ) {}

  async handle({ reason }: AccountClosed, { recorded }: HandlerContext): Promise<void> {
    await this.mailer.send(recorded.stream.id, `Closed: ${reason}`);
    await this.commands.execute(new CloseAccount(`${recorded.stream.id}-savings`, reason));
  }
}

/** Opens an account anew, under this id. */
function reopening(idOf: (context: HandlerContext) => string) {
  @Injectable()
  @DurableEventsHandler('reopening', AccountClosed)
  class Reopening {
    constructor(@InjectAggregate(Account) private readonly accounts: EventSourcedRepository<Account>) {}

    async handle({ reason }: AccountClosed, context: HandlerContext): Promise<void> {
      await this.accounts.save(Account.open(idOf(context), reason));
    }
  }
  return Reopening;
}

const failure = (checked: Promise<void>): Promise<string> =>
  checked.then(
    () => 'The spec passed.',
    (error: Error) => error.message,
  );

const mailer = { provide: Mailer, useValue: { send: () => Promise.resolve() } };

describe('the spec of a command handler', () => {
  const open = handlerSpec(CloseAccountHandler).given(Account, 'a-1', new AccountOpened('Ada'));

  it('passes for the events that the command leads to', async () => {
    await open.when(new CloseAccount('a-1', 'moved')).thenRaises(Account, 'a-1', new AccountClosed('moved'));
  });

  it('names the event, the member and the stream that are not as expected', async () => {
    const closing = open.when(new CloseAccount('a-1', 'moved'));
    expect(await failure(closing.thenRaises(Account, 'a-2', new AccountClosed('died')))).toBe(
      [
        'CloseAccountHandler did not lead to the expected events.',
        '  event 1, AccountClosed.reason',
        "    expected: 'died'",
        "    received: 'moved'",
        '  streams[0]',
        "    expected: 'Account a-2'",
        "    received: 'Account a-1'",
      ].join('\n'),
    );
    expect(await failure(closing.thenRaisesNothing())).toContain('event 1\n    expected: nothing');
  });

  it('expects a refusal', async () => {
    const again = open
      .given(Account, 'a-1', new AccountClosed('moved'))
      .when(new CloseAccount('a-1', 'died'));
    await again.thenThrows(ClosedError);
    expect(await failure(again.thenRaisesNothing())).toBe(
      'CloseAccountHandler failed: ClosedError: The account is closed.',
    );
    expect(await failure(open.when(new CloseAccount('a-1', 'moved')).thenThrows(ClosedError))).toContain(
      'expected: ClosedError\n    received: no error; it raised AccountClosed',
    );
  });

  it('has an application of its own for each expectation', async () => {
    const closing = open.when(new CloseAccount('a-1', 'moved'));
    await closing.thenRaises(Account, 'a-1', new AccountClosed('moved'));
    await closing.thenRaises(Account, 'a-1', new AccountClosed('moved'));
  });

  it('refuses an event', () => {
    expect(() => open.when(Account, 'a-1', new AccountClosed('moved'))).toThrow(
      'CloseAccountHandler is no durable handler, so it gets a command',
    );
  });
});

describe('the spec of a durable handler', () => {
  const farewell = handlerSpec(Farewell, { providers: [mailer] }).given(
    Account,
    'a-1',
    new AccountOpened('Ada'),
  );
  const closed = new AccountClosed('moved');

  it('passes for the calls of doubles and the commands that the event leads to', async () => {
    const told = farewell.when(Account, 'a-1', closed);
    await told.thenCalls(Mailer, ['send', 'a-1', 'Closed: moved']);
    await told.thenSends(new CloseAccount('a-1-savings', 'moved'));
    await told.thenRaisesNothing();
  });

  it('executes a command whose handler is a provider of the spec', async () => {
    await handlerSpec(Farewell, { providers: [mailer, CloseAccountHandler] })
      .given(Account, 'a-1-savings', new AccountOpened('Ada'))
      .when(Account, 'a-1', closed)
      .thenRaises(Account, 'a-1-savings', closed);
  });

  it('names the call and the command that are not as expected', async () => {
    const told = farewell.when(Account, 'a-1', closed);
    expect(await failure(told.thenCalls(Mailer, ['send', 'a-1', 'Closed: died']))).toContain(
      "calls[0][2]\n    expected: 'Closed: died'\n    received: 'Closed: moved'",
    );
    expect(await failure(told.thenCalls(Mailer))).toContain(
      "expected: nothing\n    received: [ 'send', 'a-1'",
    );
    expect(await failure(told.thenSends(new CloseAccount('a-1-savings', 'died')))).toContain(
      "command 1, CloseAccount.reason\n    expected: 'died'",
    );
  });

  it('finds what happens twice when the event comes twice', async () => {
    const told = farewell.whenTwice(Account, 'a-1', closed);
    const call = ['send', 'a-1', 'Closed: moved'] as const;
    await told.thenCalls(Mailer, call, call);
    expect(await failure(told.thenCalls(Mailer, call))).toContain('calls[1]\n    expected: nothing');
  });

  it('tells a handler that repeats itself from one that makes another aggregate each time', async () => {
    const fromEvent = handlerSpec(reopening(({ recorded }) => `${recorded.stream.id}-again`));
    await fromEvent
      .whenTwice(Account, 'a-1', closed)
      .thenRaises(Account, 'a-1-again', new AccountOpened('moved'));
    const atRandom = handlerSpec(reopening(() => randomUUID()));
    expect(
      await failure(
        atRandom
          .whenTwice(Account, 'a-1', closed)
          .thenRaises(Account, 'a-1-again', new AccountOpened('moved')),
      ),
    ).toContain('event 2\n    expected: nothing\n    received: AccountOpened');
  });

  it('refuses a command, an event that the handler does not name, and rows without a database', async () => {
    expect(() => farewell.when(new CloseAccount('a-1', 'moved'))).toThrow('Farewell is a durable handler');
    expect(() => farewell.when(Account, 'a-1', new AccountOpened('Ada'))).toThrow(
      'Farewell gets no AccountOpened. It names AccountClosed.',
    );
    await expect(farewell.when(Account, 'a-1', closed).thenRows(Account, [])).rejects.toThrow(
      'handlerSpec(Farewell, { dataSource })',
    );
  });

  it('says that there is no database where the handler asks for one', async () => {
    @DurableEventsHandler('counting', AccountClosed)
    class Counting {
      async handle(_event: AccountClosed, { manager }: HandlerContext): Promise<void> {
        await manager.query('SELECT 1');
      }
    }
    expect(await failure(handlerSpec(Counting).when(Account, 'a-1', closed).thenRaisesNothing())).toContain(
      'The handler uses the database (query), and this test has none.',
    );
  });
});
