import { EntityManager } from 'typeorm';
import { InvalidAppendError } from './errors';
import { InMemoryEventStore, InMemoryStoreInProductionError } from './in-memory-event-store';
import { AppendSignal } from './progress-signal';

const stream = { type: 'Counter', id: 'c-1' };
const data = () => ({ list: [1], nested: { a: 1 } });
const happened = { type: 'Happened', data: data() };

describe('the in-memory event store', () => {
  const { NODE_ENV } = process.env;

  afterEach(() => {
    process.env.NODE_ENV = NODE_ENV;
  });

  it('is refused in production, with a message that names the mend', () => {
    process.env.NODE_ENV = 'production';
    expect(() => new InMemoryEventStore()).toThrow(InMemoryStoreInProductionError);
    expect(() => new InMemoryEventStore()).toThrow(
      'The in-memory event store loses everything at a restart. In production use the Postgres store.',
    );
  });

  it.each(['development', 'test', ''])('is there when NODE_ENV is "%s"', (environment) => {
    process.env.NODE_ENV = environment;
    expect(() => new InMemoryEventStore()).not.toThrow();
  });

  it('refuses to join a transaction, and stores nothing', async () => {
    const store = new InMemoryEventStore();
    const transaction = {} as EntityManager;
    const append = store.appendToStream(stream, [happened], { expectedVersion: 'any', transaction });
    await expect(append).rejects.toThrow(InvalidAppendError);
    await expect(append).rejects.toThrow('The in-memory event store cannot join a transaction.');
    expect(await store.head()).toBe(0n);
  });

  it('wakes those who wait for an append', async () => {
    const signal = new AppendSignal();
    const store = new InMemoryEventStore(signal);
    const woken = signal.wait(signal.count, 60_000);
    await store.appendToStream(stream, [happened], { expectedVersion: 0 });
    await woken;
    expect(signal.count).toBe(1);
  });

  it('wakes nobody for an append that is refused', async () => {
    const signal = new AppendSignal();
    const store = new InMemoryEventStore(signal);
    await expect(store.appendToStream(stream, [happened], { expectedVersion: 3 })).rejects.toThrow();
    expect(signal.count).toBe(0);
  });

  it('keeps what was given, whatever happens to it afterwards', async () => {
    const store = new InMemoryEventStore();
    const event = { type: 'Happened', data: data() };
    await store.appendToStream(stream, [event], { expectedVersion: 0 });
    event.data.list.push(2);
    expect((await store.readAll({ after: 0n }))[0]?.data).toEqual(data());
  });

  it('keeps what is stored, whatever a reader does with what it read', async () => {
    const store = new InMemoryEventStore();
    await store.appendToStream(stream, [happened], { expectedVersion: 0 });
    const [read] = await store.readAll({ after: 0n });
    try {
      (read?.data.list as number[]).push(2);
    } catch {
      // A store may hand out frozen data as well.
    }
    for await (const event of store.readStream(stream)) expect(event.data).toEqual(data());
  });
});
