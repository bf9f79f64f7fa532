import { v7 as uuidv7 } from 'uuid';
import { BoundedPool, RecordedEvent, ReadStreamOptions, StreamId } from '../../../src/event-sourcing';
import { startStore, StoreUnderTest } from './postgres-store';

describe('streams that are read at once', () => {
  let test: StoreUnderTest;
  let statements: jest.SpyInstance;

  beforeEach(async () => {
    test = await startStore();
    statements = jest.spyOn(BoundedPool.prototype, 'run');
  });

  afterEach(async () => {
    statements.mockRestore();
    await test.close();
  });

  /** A stream whose events number themselves from 1. */
  async function streamOf(count: number, type = 'Test'): Promise<StreamId> {
    const stream = { type, id: uuidv7() };
    for (let from = 0; from < count; from += 500) {
      const part = Array.from({ length: Math.min(500, count - from) }, (_, n) => from + n + 1);
      const events = part.map((number) => ({ type: 'Numbered', data: { number } }));
      await test.store.appendToStream(stream, events, { expectedVersion: from });
    }
    return stream;
  }

  async function read(stream: StreamId, options?: ReadStreamOptions): Promise<readonly RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const event of test.store.readStream(stream, options)) events.push(event);
    return events;
  }

  async function numbers(stream: StreamId, options?: ReadStreamOptions): Promise<readonly unknown[]> {
    return (await read(stream, options)).map(({ data }) => data.number);
  }

  const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, n) => first + n);

  it('travel together: one alone, and the others in one query, each with its own events', async () => {
    const lengths = Array.from({ length: 40 }, (_, index) => index % 5);
    const streams = await Promise.all(lengths.map((length) => streamOf(length)));
    const alone = await read(streams[4] as StreamId);
    statements.mockClear();
    const together = await Promise.all(streams.map((stream) => read(stream)));
    const names = statements.mock.calls.map(([{ name }]: [{ name: string }]) => name);
    // The notice of the appends may come in between.
    expect(names.filter((name) => name.startsWith('read-'))).toEqual(['read-stream', 'read-streams']);
    expect(together[4]).toEqual(alone);
    expect(together.map((events) => events.map(({ data }) => data.number))).toEqual(
      lengths.map((length) => upTo(length)),
    );
    for (const [index, events] of together.entries())
      for (const event of events) expect(event.stream).toEqual(streams[index]);
  });

  it('come whole, though a group gives each only a share of its events', async () => {
    const streams = [await streamOf(1_500), await streamOf(700), await streamOf(3), await streamOf(0)];
    const asked = Array.from({ length: 40 }, (_, index) => streams[index % 4] as StreamId);
    const found = await Promise.all(asked.map((stream) => numbers(stream)));
    const wanted = [upTo(1_500), upTo(700), upTo(3), []];
    expect(found).toEqual(asked.map((_stream, index) => wanted[index % 4]));
  });

  it('keep their own beginning and limit', async () => {
    const stream = await streamOf(300);
    const asked = Array.from({ length: 40 }, (_, index) => ({ after: index * 5, limit: 200 - index }));
    const found = await Promise.all(asked.map((options) => numbers(stream, options)));
    expect(found).toEqual(asked.map(({ after, limit }) => upTo(Math.min(300, after + limit), after + 1)));
  });

  it('are told apart by their type', async () => {
    const id = uuidv7();
    const types = Array.from({ length: 20 }, (_, index) => `Type ${index}`);
    for (const type of types)
      await test.store.appendToStream({ type, id }, [{ type: 'Typed', data: { type } }], {
        expectedVersion: 0,
      });
    const found = await Promise.all(types.map((type) => read({ type, id })));
    expect(found.map((events) => events.map(({ data }) => data.type))).toEqual(types.map((type) => [type]));
  });

  it('do not fail with one that Postgres refuses', async () => {
    const stream = await streamOf(2);
    const bad: readonly [StreamId, ReadStreamOptions?][] = [
      [{ type: 'Test', id: 'a\u0000b' }],
      [stream, { after: 2 ** 31 }],
      [stream, { after: 0.5 }],
    ];
    const good = Array.from({ length: 20 }, (): [StreamId] => [stream]);
    const outcomes = await Promise.allSettled([...good, ...bad, ...good].map((asked) => read(...asked)));
    const lengths = outcomes.map((it) => (it.status === 'fulfilled' ? it.value.length : 'refused'));
    expect(lengths.slice(0, 20).concat(lengths.slice(-20))).toEqual(Array(40).fill(2));
    expect(lengths[20]).toBe('refused');
  });
});
