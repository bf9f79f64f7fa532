import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import {
  AppendSignal,
  DurableEventsHandler,
  EventRegistry,
  EventSourcedRepository,
  type HandlerContext,
  IDurableEventsHandler,
  SubscriptionSettings,
} from '../../../src/event-sourcing';
import { Aggregate, AggregateRoot, DomainEvent, On } from '../../../src/event-sourcing/domain';
import { ProgressSignal } from '../../../src/event-sourcing/event-store/progress-signal';
import { DurableHandler } from '../../../src/event-sourcing/subscriptions/handlers/durable-handler';
import { durableHandlerDefinition } from '../../../src/event-sourcing/subscriptions/handlers/durable-events-handler';
import { Leases } from '../../../src/event-sourcing/subscriptions/checkpoints/leases';
import { defaultSubscriptionSettings } from '../../../src/event-sourcing/subscriptions/subscription-settings';
import { SharedLog } from '../../../src/event-sourcing/log/shared-log';
import { RunFactory } from '../../../src/event-sourcing/subscriptions/delivery/run-factory';
import { SubscriptionRun } from '../../../src/event-sourcing/subscriptions/delivery/subscription-run';
import { runInMessageContext } from '../../../src/event-sourcing';
import { WantedReadModels } from '../../../src/event-sourcing/subscriptions/delivery/wanted-read-models';
import { Counted, startTallies, TallySystem } from './tally';

@DomainEvent('Mirrored')
class Mirrored {
  constructor(readonly by: number) {}
}

@Aggregate('Mirror')
class Mirror extends AggregateRoot {
  mirror(by: number): void {
    this.raise(new Mirrored(by));
  }

  static start(id: string, by: number): Mirror {
    const mirror = new Mirror(id);
    mirror.mirror(by);
    return mirror;
  }

  @On(Mirrored)
  protected onMirrored(_event: Mirrored): void {}
}

/** An outbox. Numbers below zero are refused. */
@Entity('messages')
class Message {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('integer')
  by!: number;
}

const createMessages = `
  CREATE TABLE messages (id uuid PRIMARY KEY, by integer NOT NULL CHECK (by >= 0));
  CREATE TABLE statements (transaction bigint);
  CREATE FUNCTION count_statement() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN INSERT INTO statements VALUES (txid_current()); RETURN NULL; END $$;
  CREATE TRIGGER counted AFTER INSERT ON messages FOR EACH STATEMENT EXECUTE FUNCTION count_statement()`;

/** What the handler does with each event; set by the test. */
type Work = (event: Counted, context: HandlerContext) => Promise<void> | void;

describe('a durable handler', () => {
  let system: TallySystem;
  let registry: EventRegistry;
  let mirrors: EventSourcedRepository<Mirror>;
  const loops: SubscriptionRun[] = [];

  beforeEach(async () => {
    for (const level of ['error', 'warn', 'log'] as const)
      jest.spyOn(Logger.prototype, level).mockImplementation();
    system = await startTallies([Message], { pool: 1 });
    registry = new EventRegistry();
    [Counted, Mirrored].forEach((event) => registry.register(event));
    const store = system.store;
    mirrors = new EventSourcedRepository(Mirror, store, registry);
  });

  afterEach(async () => {
    await Promise.all(loops.splice(0).map((loop) => loop.stop()));
    await system.close();
    jest.restoreAllMocks();
  });

  function follow(
    work: Work,
    from: 'beginning' | 'now' = 'beginning',
    settings: Partial<SubscriptionSettings> = {},
    eventsPerTransaction?: number,
  ) {
    @DurableEventsHandler({ name: 'mirror', from, eventsPerTransaction }, Counted)
    class Handler implements IDurableEventsHandler<Counted> {
      handle(...given: Parameters<Work>): Promise<void> | void {
        return work(...given);
      }
    }
    const definition = durableHandlerDefinition(Handler);
    if (!definition) throw new Error('The handler lost its decorator.');
    const { store, dataSource } = system;
    const all = {
      ...defaultSubscriptionSettings,
      pollMs: 20,
      retryDelayMs: 10,
      maxRetryDelayMs: 20,
      ...settings,
    };
    const factory = new RunFactory(
      store,
      new SharedLog(store),
      dataSource,
      new Leases(dataSource, 'test', 5),
      new AppendSignal(),
      new ProgressSignal(),
      new WantedReadModels(),
      all,
    );
    const loop = factory.run('mirror', [new DurableHandler(definition, new Handler(), registry)]);
    loops.push(loop);
    loop.start();
    return loop;
  }

  const arrived = (position: bigint) => system.positions.waitFor('mirror', position, 10_000);
  const stored = () => system.store.readAll({ after: 0n });

  it('gets each event in the order of its stream, with the context of its cause', async () => {
    const seen: number[] = [];
    await system.count('a', 1, 2, 3);
    follow((event) => Promise.resolve(void seen.push(event.by)));
    await arrived(3n);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('begins where it is declared to: with the first event, or now', async () => {
    const seen: number[] = [];
    await system.count('a', 1, 2, 3);
    follow((event) => Promise.resolve(void seen.push(event.by)), 'now');
    for (let tries = 0; (await system.positions.position('mirror')) < 3n && tries < 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    await arrived(await system.count('a', 4));
    expect(seen).toEqual([4]);
  });

  it('stops after the event in hand, however many wait behind it, and goes on with the next', async () => {
    const seen: number[] = [];
    await system.count('a', ...Array.from({ length: 40 }, (_, n) => n));
    const work: Work = async (event) => {
      seen.push(event.by);
      await delay(25);
    };
    const loop = follow(work);
    while (seen.length < 3) await delay(5);
    await loop.stop();
    expect(seen).toEqual([0, 1, 2]);
    expect(await system.positions.position('mirror')).toBe(3n);
    follow(work);
    await arrived(40n);
    expect(seen).toEqual(Array.from({ length: 40 }, (_, n) => n));
  });

  it('sends commands whose events carry the event as their cause', async () => {
    await runInMessageContext({ correlationId: 'c-1', actor: 'ada' }, () => system.count('a', 1));
    follow(
      async (event, { recorded }) => void (await mirrors.save(Mirror.start(recorded.stream.id, event.by))),
    );
    await arrived(1n);
    const [cause, effect] = await stored();
    expect(effect).toMatchObject({
      type: 'Mirrored',
      metadata: { correlationId: 'c-1', causationId: cause?.id, actor: 'ada' },
    });
  });

  it('that fails after its command was stored gets its event again, and the command has its effect once', async () => {
    let failures = 0;
    await system.count('a', 1, 2);
    follow(async (event, { recorded }) => {
      if (recorded.version === 1) await mirrors.save(Mirror.start('m', event.by));
      else await mirrors.update('m', (mirror) => (mirror.mirror(event.by), mirror.mirror(event.by * 10)));
      if (failures++ < 4 && failures % 2 === 1) throw new Error('after the command');
    });
    await arrived(2n);
    for (let tries = 0; (await system.control.parked('tallies')).length > 0 && tries < 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    for (let tries = 0; (await stored()).length < 5 && tries < 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    const mirrored = (await stored())
      .filter((event) => event.type === 'Mirrored')
      .map((event) => event.data.by);
    expect(mirrored).toEqual([1, 2, 20]);
  });

  it('that is stopped between two commands to one stream sends the second when it gets its event again', async () => {
    let tries = 0;
    await system.count('a', 1);
    follow(async (_event, { recorded }) => {
      const id = `m${recorded.version}`;
      if ((await mirrors.find(id)) === undefined) await mirrors.save(Mirror.start(id, 1));
      else await mirrors.update(id, () => undefined);
      if (tries++ === 0) throw new Error('between the commands');
      await mirrors.update(id, (mirror) => mirror.mirror(2));
    });
    await arrived(1n);
    for (let n = 0; (await stored()).length < 3 && n < 200; n++)
      await new Promise((resolve) => setTimeout(resolve, 25));
    expect((await stored()).slice(1).map((event) => event.data.by)).toEqual([1, 2]);
  });

  it('runs once before its first pause, however many other events share its page', async () => {
    const tries: number[] = [];
    const others = Array.from({ length: 50 }, () => ({ type: 'Mirrored', data: { by: 0 } }));
    await system.store.appendToStream({ type: 'Other', id: 'x' }, others, { expectedVersion: 0 });
    await system.count('a', 1);
    await system.store.appendToStream({ type: 'Other', id: 'x' }, others, { expectedVersion: 50 });
    const fails = (event: Counted) => {
      tries.push(event.by);
      return Promise.reject(new Error('always'));
    };
    follow(fails, 'beginning', { retryDelayMs: 600_000, maxRetryDelayMs: 600_000 });
    expect(await arrived(101n)).toBe(true);
    expect(tries).toEqual([1]);
  });

  it('writes through its transaction exactly once', async () => {
    let failures = 0;
    await system.dataSource.query('CREATE TABLE outbox (id uuid PRIMARY KEY)');
    await system.count('a', 1, 2, 3);
    follow(async (_event, { manager, recorded }) => {
      await manager.query('INSERT INTO outbox VALUES ($1)', [recorded.id]);
      if (failures++ === 1) throw new Error('after the write');
    });
    await arrived(3n);
    for (let tries = 0; tries < 200; tries++) {
      const rows = await system.dataSource.query<unknown[]>('SELECT FROM outbox');
      if (rows.length === 3) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('The outbox never held three messages.');
  });

  it.each([
    [undefined, [[1], [2], [3], [4], [5]]],
    [2, [[1, 2], [3, 4], [5]]],
    [100, [[1, 2, 3, 4, 5]]],
  ])('with %p events to a transaction', async (eventsPerTransaction, expected) => {
    const transactions = new Map<unknown, number[]>();
    await system.count('a', 1, 2, 3, 4, 5);
    follow(
      async (event, { manager }) => {
        const [row] = await manager.query<{ id: string }[]>('SELECT pg_current_xact_id()::text AS id');
        transactions.set(row?.id, [...(transactions.get(row?.id) ?? []), event.by]);
      },
      'beginning',
      {},
      eventsPerTransaction,
    );
    expect(await arrived(5n)).toBe(true);
    expect([...transactions.values()]).toEqual(expected);
  });

  it('that shares a transaction writes exactly once, and sets only the event aside that fails', async () => {
    await system.dataSource.query('CREATE TABLE outbox (id uuid PRIMARY KEY, by integer)');
    for (const id of ['a', 'b', 'c', 'd', 'e']) await system.count(id, id.charCodeAt(0));
    follow(
      async (event, { manager, recorded }) => {
        await manager.query('INSERT INTO outbox VALUES ($1, $2)', [recorded.id, event.by]);
        if (recorded.stream.id === 'c') throw new Error('always');
      },
      'beginning',
      { maxAttempts: 1 },
      100,
    );
    expect(await arrived(5n)).toBe(true);
    const written = await system.dataSource.query<{ by: number }[]>('SELECT by FROM outbox ORDER BY by');
    expect(written.map(({ by }) => String.fromCharCode(by))).toEqual(['a', 'b', 'd', 'e']);
    const aside = await system.dataSource.query<object[]>('SELECT state FROM annals.parked_events');
    expect(aside).toEqual([{ state: 'parked' }]);
  });

  describe('that collects its rows', () => {
    const collect: Work = (event, { rows, recorded }) => {
      rows(Message).insert({ id: recorded.id, by: event.by });
    };
    const messages = () => system.dataSource.query<{ by: number }[]>('SELECT by FROM messages ORDER BY by');

    beforeEach(() => system.dataSource.query(createMessages));

    it.each([
      [1, 5],
      [100, 1],
    ])(
      'with %i events to a transaction writes five of them by as few statements: %i',
      async (events, count) => {
        await system.count('a', 1, 2, 3, 4, 5);
        follow(collect, 'beginning', {}, events);
        expect(await arrived(5n)).toBe(true);
        expect((await messages()).map(({ by }) => by)).toEqual([1, 2, 3, 4, 5]);
        expect(await system.dataSource.query('SELECT FROM statements')).toHaveLength(count);
      },
    );

    it('sets only the event aside whose row is refused', async () => {
      for (const [index, id] of ['a', 'b', 'c', 'd', 'e'].entries())
        await system.count(id, id === 'c' ? -1 : index);
      follow(collect, 'beginning', { maxAttempts: 1 }, 100);
      expect(await arrived(5n)).toBe(true);
      expect((await messages()).map(({ by }) => by)).toEqual([0, 1, 3, 4]);
      const aside = await system.dataSource.query<object[]>(
        'SELECT aggregate_id AS id, state FROM annals.parked_events',
      );
      expect(aside).toEqual([{ id: 'c', state: 'parked' }]);
    });

    it('writes nothing of an event that fails after it', async () => {
      await system.count('a', 1);
      follow(
        async (event, context) => {
          await collect(event, context);
          throw new Error('always');
        },
        'beginning',
        { maxAttempts: 1 },
      );
      expect(await arrived(1n)).toBe(true);
      expect(await messages()).toEqual([]);
    });
  });
});
