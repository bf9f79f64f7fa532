import { v7 as uuidv7 } from 'uuid';
import { Logger } from '@nestjs/common';
import { NewEvent } from '../../../src/event-sourcing';
import { segmentsOf } from '../../../src/event-sourcing/projections/projection-segment';
import { Leases } from '../../../src/event-sourcing/subscriptions/checkpoints/leases';
import { ParkedEvents } from '../../../src/event-sourcing/subscriptions/parked/parked-events';
import { UserReadModelRepository } from '../../../src/modules/users/read-model/user-read-model.repository';
import { emailOf, userIdOf } from '../../bench/growth/grown-log';
import { expectPlans } from './golden-plans';
import { GrownSystem, startGrown } from './grown-system';

const renamed = (): NewEvent => ({ id: uuidv7(), type: 'UserRenamed', data: { name: 'Ada' } });
const receiptOf = (key: string) => ({ caller: 'plans', key, fingerprint: 'f', keepSeconds: 60 });

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Every statement is run by the product, on connections to which Postgres tells the plan that it took. */
describe('the plans of the hot statements', () => {
  let system: GrownSystem;
  let observe: (work: (time: number) => Promise<unknown>) => Promise<string>;

  beforeAll(async () => {
    jest.spyOn(Logger.prototype, 'log').mockImplementation();
    system = await startGrown();
    observe = (work) => system.plans.of(work);
  });

  afterAll(async () => {
    await system.close();
    jest.restoreAllMocks();
  });

  it('of an append', async () => {
    const { store } = system;
    const [other] = await store.readAll({ after: 0n, limit: 1 });
    expectPlans('append', {
      'events of a new stream': await observe(() =>
        store.appendToStream({ type: 'User', id: uuidv7() }, [renamed()], { expectedVersion: 'no-stream' }),
      ),
      // The first goes alone, and the others together.
      'several new streams at once': await observe(() =>
        Promise.all(
          [1, 2, 3].map(() =>
            store.appendToStream({ type: 'User', id: uuidv7() }, [renamed()], {
              expectedVersion: 'no-stream',
            }),
          ),
        ),
      ),
      'several streams at once': await observe((time) =>
        Promise.all(
          [10, 20, 30].map((user) =>
            store.appendToStream({ type: 'User', id: userIdOf(user + time) }, [renamed()], {
              expectedVersion: 10,
            }),
          ),
        ),
      ),
      'events of a new stream, with a claim taken and one released': await observe((time) =>
        store.appendToStream({ type: 'User', id: uuidv7() }, [renamed()], {
          expectedVersion: 'no-stream',
          claims: [{ scope: 'user.email', value: `taken simply ${time}` }],
          releases: [{ scope: 'user.email', value: 'never held' }],
        }),
      ),
      'events of a new stream, with a claim taken, one released, and a receipt': await observe((time) =>
        store.appendToStream({ type: 'User', id: uuidv7() }, [renamed()], {
          expectedVersion: 'no-stream',
          claims: [{ scope: 'user.email', value: `taken ${time}` }],
          releases: [{ scope: 'user.email', value: 'never held' }],
          receipt: receiptOf(`append ${time}`),
        }),
      ),
      'behind the version of the stream': await observe(() =>
        store
          .appendToStream({ type: 'User', id: userIdOf(7) }, [renamed()], { expectedVersion: 3 })
          .catch(() => undefined),
      ),
      'an event id that another stream has': await observe(() =>
        store
          .appendToStream({ type: 'User', id: userIdOf(7) }, [{ ...renamed(), id: other?.id }], {
            expectedVersion: 'any',
          })
          .catch(() => undefined),
      ),
    });
  });

  it('of reading the log', async () => {
    const { store } = system;
    expectPlans('log', {
      'a stream': await observe((time) => all(store.readStream({ type: 'User', id: userIdOf(time) }))),
      'a stream behind a version': await observe((time) =>
        all(store.readStream({ type: 'User', id: userIdOf(time) }, { after: 5, limit: 2 })),
      ),
      'several streams at once': await observe((time) =>
        Promise.all(
          [0, 1, 2, 3, 4].map((n) => all(store.readStream({ type: 'User', id: userIdOf(time + n) }))),
        ),
      ),
      'a page of the log': await observe((time) => store.readAll({ after: BigInt(time * 3_000) })),
      'the page behind the last event': await observe(() => store.readAll({ after: 40_000n })),
      'the head': await observe(() => store.head()),
    });
  });

  it('of receipts', async () => {
    const { store } = system;
    expectPlans('receipts', {
      'found by caller and key': await observe((time) => store.findReceipt(`caller ${time}`, `key ${time}`)),
      'kept without an append': await observe((time) => store.keepReceipt(receiptOf(`kept ${time}`), 'note')),
      'deleted when they have run out': await observe(() => store.deleteExpiredReceipts(10)),
    });
  });

  it('of leases, checkpoints and what is set aside', async () => {
    const { dataSource, store, users } = system;
    const leases = new Leases(dataSource, 'plans', 60);
    const [subscriber] = segmentsOf(users);
    if (!subscriber) throw new Error('The projection has no segment.');
    const take = async () => {
      const lease = await leases.take(subscriber);
      if (!lease) throw new Error('The lease is not to be had.');
      return lease;
    };
    const taken = await observe(take);
    const lease = await take();
    const first = await store.readAll({ after: 0n, limit: 7 });
    const parked = new ParkedEvents(dataSource, 'subscription 1', 0);
    expectPlans('subscriptions', {
      'a lease is taken': taken,
      'a lease is renewed': await observe(() => leases.renew(lease)),
      'a checkpoint moves': await observe((time) =>
        dataSource.transaction((manager) =>
          leases.moveCheckpoint(manager, lease, BigInt(time - 1), first.slice(time - 1, time)),
        ),
      ),
      'a lease is held': await observe(() =>
        dataSource.transaction((manager) => leases.hold(manager, lease)),
      ),
      'a failure is noted': await observe(() => leases.noteFailure(lease, null)),
      'a lease is given back': await observe(() => leases.release(lease)),
      'streams that are set aside': await observe(() => parked.load()),
      'events that are due for another try': await observe(() => parked.due(1)),
      'a page of events is projected': await observe(async () => {
        const events = await store.readAll({ after: 18_500n, limit: 1_000 });
        await dataSource.transaction((manager) => users.handle(events, manager));
      }),
    });
  });

  /** A local part without its first letters, so that no search begins with it. */
  async function keptByStatistics(): Promise<string> {
    const { rows } = await system.sql.query<{ email: string }>(
      "SELECT unnest(histogram_bounds::text::text[]) AS email FROM pg_stats WHERE tablename = 'users' AND attname = 'email' OFFSET 50",
    );
    return rows[0]?.email.split('@')[0]?.slice(4) ?? '';
  }

  it('of the read model of users', async () => {
    const users = new UserReadModelRepository(system.dataSource.manager);
    const search = (email: string) => observe(() => users.search({ email, limit: 20 }));
    const rare = emailOf(1_234).split('@')[0]?.slice(4) ?? '';
    expectPlans('users', {
      'by id': await observe((time) => users.findById(userIdOf(time))),
      'the first page': await observe(() => users.search({ limit: 50 })),
      'a later page': await observe(() => users.search({ limit: 50, after: 20_500n })),
      'active ones': await observe(() => users.search({ limit: 50, isActive: true })),
      'by a piece that few addresses have': await search(rare),
      'by a piece that few addresses have, of one that the statistics keep': await search(
        await keptByStatistics(),
      ),
      'by a piece that many addresses have': await search('example'),
      'by a whole address': await search(emailOf(1_234)),
    });
    await system.sql.query('DROP EXTENSION pg_trgm CASCADE');
    expectPlans('users-without-trigrams', {
      'by a piece that few addresses have': await search(rare),
      'by a piece that many addresses have': await search('example'),
    });
  });
});
