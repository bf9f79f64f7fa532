import { setTimeout as delay } from 'node:timers/promises';
import { DataSource, EntityManager } from 'typeorm';
import {
  AppendResult,
  EventRegistry,
  EventSourcedRepository,
  HeadHeldError,
  messageContext,
  runInMessageContext,
} from '../../../src/event-sourcing';
import { Aggregate, AggregateRoot, DomainEvent, On } from '../../../src/event-sourcing/domain';
import { newEvent, newStream } from '../../../src/event-sourcing/testing/contract-case';
import { startStore, StoreUnderTest } from './postgres-store';

@DomainEvent('Rung')
class Rung {}

@Aggregate('Bell')
class Bell extends AggregateRoot {
  ring(): void {
    this.raise(new Rung());
  }

  @On(Rung)
  protected onRung(_event: Rung): void {}
}

let under: StoreUnderTest;
let dataSource: DataSource;
let bells: EventSourcedRepository<Bell>;

beforeAll(async () => {
  under = await startStore();
  dataSource = await new DataSource({ type: 'postgres', url: under.database.url }).initialize();
  const registry = new EventRegistry();
  registry.register(Rung);
  bells = new EventSourcedRepository(Bell, under.store, registry);
  const bell = new Bell('b');
  bell.ring();
  await bells.save(bell);
});
afterAll(async () => {
  await dataSource.destroy();
  await under.close();
});

const append = (transaction?: EntityManager): Promise<AppendResult> =>
  under.store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0, transaction });
const ring = () => bells.update('b', (bell) => bell.ring());
const newBell = () => {
  const bell = new Bell(newStream().id);
  bell.ring();
  return bells.save(bell);
};

type Work = (manager: EntityManager) => Promise<unknown>;

/** Runs the work in a transaction; in a message of its own, or in none. */
const inMessage = (work: Work) =>
  runInMessageContext({ correlationId: 'c', actor: 'ada' }, () => dataSource.transaction(work));

async function helped(manager: EntityManager): Promise<void> {
  await delay(1);
  await append(manager);
}

describe('in a message, once a transaction has appended', () => {
  const run = inMessage;

  it.each<[string, () => Promise<unknown>]>([
    ['an append', () => append()],
    ['an update', ring],
    ['a save', newBell],
    ['an update in a function that waits first', async () => (await delay(1), ring())],
    [
      'each of several updates',
      () =>
        Promise.allSettled([ring(), newBell()]).then(
          ([, last]) => last.status === 'rejected' && Promise.reject(last.reason as Error),
        ),
    ],
    ['an update in another transaction', () => dataSource.transaction((other) => append(other))],
  ])('%s outside it is refused at once, and nothing is stored', async (_what, outside) => {
    const head = await under.store.head();
    const work = run(async (manager) => {
      await append(manager);
      await outside();
    });
    await expect(work).rejects.toThrow(HeadHeldError);
    await expect(work).rejects.toThrow('A transaction of this message has appended, and has not ended.');
    expect(await under.store.head()).toBe(head);
  });

  it('an update beside it is refused at once', async () => {
    await expect(run((manager) => Promise.all([append(manager), append()]))).rejects.toThrow(HeadHeldError);
  });

  it('more appends in it are stored, and after its commit others as well', async () => {
    await run(async (manager) => {
      await append(manager);
      await manager.transaction((nested) => append(nested));
      await append(manager);
    });
    await ring();
  });

  it('others are stored after it was rolled back', async () => {
    const failure = new Error('no');
    const work = async (): Promise<unknown> => {
      await run(async (manager) => {
        await append(manager);
        throw failure;
      }).catch((error: unknown) => expect(error).toBe(failure));
      return ring();
    };
    await expect(work()).resolves.toBeDefined();
  });
});

describe('outside any message', () => {
  it('an append waits for the transaction, as one of another message does', async () => {
    let outside: Promise<unknown> = Promise.resolve();
    await dataSource.transaction(async (manager) => {
      await append(manager);
      outside = append();
    });
    await outside;
  });
});

describe('in one message', () => {
  it('an append in a function that was awaited counts, and so does one in a message within', async () => {
    const outcomes = await inMessage(async (manager) => {
      await helped(manager);
      const context = messageContext();
      return Promise.allSettled([
        ring(),
        runInMessageContext({ correlationId: 'c', actor: 'eve' }, ring),
        runInMessageContext({ ...context, correlationId: 'c', actor: 'eve' }, ring),
      ]);
    });
    expect(outcomes).toEqual(
      [1, 2, 3].map(() => ({ status: 'rejected', reason: expect.any(HeadHeldError) as unknown })),
    );
  });

  it('a transaction does not append while an append outside it is under way', async () => {
    const outside: Promise<unknown>[] = [];
    const work = inMessage(async (manager) => {
      outside.push(append());
      await append(manager);
    });
    await expect(work).rejects.toThrow(
      'Another append of this message is under way outside the transaction.',
    );
    await Promise.all(outside);
  });

  it('is allowed again once the transaction has ended, also with the same query runner', async () => {
    const runner = dataSource.createQueryRunner();
    await runInMessageContext({ correlationId: 'c', actor: 'ada' }, async () => {
      await runner.startTransaction();
      await append(runner.manager);
      await runner.commitTransaction();
      await ring();
      await runner.startTransaction();
      await ring();
      await append(runner.manager);
      await expect(ring()).rejects.toThrow(HeadHeldError);
      await runner.rollbackTransaction();
      await ring();
    });
    await runner.release();
  });

  it('the transactions of other messages only wait for each other', async () => {
    await Promise.all(Array.from({ length: 5 }, () => Promise.all([inMessage(append), newBell()])));
  });
});
