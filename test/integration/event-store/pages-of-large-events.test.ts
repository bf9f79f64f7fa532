import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { BoundedPool, ReadStreamOptions, StreamId } from '../../../src/event-sourcing';
import { waitUntil } from '../../support/wait-until';
import { startTallies } from '../subscriptions/tally';
import { startStore, StoreUnderTest } from './postgres-store';

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n);

describe('a page of large events', () => {
  let test: StoreUnderTest;
  let statements: jest.SpyInstance;

  beforeEach(async () => {
    // Four events of a thousand characters, with their metadata.
    test = await startStore({ maxCharactersPerPage: 4_999 });
    statements = jest.spyOn(BoundedPool.prototype, 'run');
  });

  afterEach(async () => {
    statements.mockRestore();
    await test.close();
  });

  /** Events that number themselves from 1 on, each with so many characters. */
  async function streamOf(...lengths: readonly number[]): Promise<StreamId> {
    const stream = { type: 'Test', id: uuidv7() };
    const events = lengths.map((length, index) => ({
      type: 'Numbered',
      data: { number: index + 1, text: 'x'.repeat(length) },
      metadata: { correlationId: uuidv7(), causationId: 'test', actor: 'test' },
    }));
    await test.store.appendToStream(stream, events, { expectedVersion: 'no-stream' });
    return stream;
  }

  async function log(limit: number): Promise<readonly (readonly number[])[]> {
    const pages: number[][] = [];
    for (let after = 0n; ;) {
      const page = await test.store.readAll({ after, limit });
      if (page.length === 0) return pages;
      pages.push(page.map(({ position }) => Number(position)));
      after = page.at(-1)?.position ?? after;
    }
  }

  async function numbers(stream: StreamId, options?: ReadStreamOptions): Promise<readonly unknown[]> {
    const found: unknown[] = [];
    for await (const { data } of test.store.readStream(stream, options)) found.push(data.number);
    return found;
  }

  /** How many rows the statements of this name asked for. */
  const asked = (name: string): readonly unknown[] =>
    statements.mock.calls
      .map(([statement]: [{ name: string; values: readonly unknown[] }]) => statement)
      .filter((statement) => statement.name === name)
      .map(({ values }) => values.at(-1));

  it('of the log ends before what would be too much, and the next one goes on there', async () => {
    await streamOf(...range(1, 10).map(() => 1_000));
    expect(await log(100)).toEqual([range(1, 4), range(5, 8), [9, 10]]);
  });

  it('of the log is full where a limit comes first', async () => {
    await streamOf(...range(1, 10).map(() => 1_000));
    expect(await log(3)).toEqual([range(1, 3), range(4, 6), range(7, 9), [10]]);
  });

  it('of the log has at least one event, however large', async () => {
    await streamOf(6_000, 6_000, 10, 6_000, 10);
    expect(await log(100)).toEqual([[1], [2], [3], [4], [5]]);
  });

  it('asks for twice what fits of the size that was seen last, and for all once they are small', async () => {
    await streamOf(...range(1, 12).map(() => 1_000), ...range(1, 40).map(() => 1));
    await log(100);
    const [first, second, third, ...others] = asked('read-all');
    expect([first, second, third]).toEqual([100, 10, 10]);
    expect(others.every((limit) => Number(limit) > 12)).toBe(true);
  });

  it('of a stream is followed by the next, until a version, a limit or the end', async () => {
    const stream = await streamOf(...range(1, 50).map(() => 1_000));
    statements.mockClear();
    expect(await numbers(stream)).toEqual(range(1, 50));
    expect(asked('read-stream')).toEqual([1_024, ...range(2, 13).map(() => 16)]);
    expect(await numbers(stream, { after: 3, limit: 20 })).toEqual(range(4, 23));
    expect(await numbers(stream, { after: 46 })).toEqual(range(47, 50));
  });

  it('of a stream is followed by longer ones, once the events are small', async () => {
    const stream = await streamOf(...range(1, 8).map(() => 1_000), ...range(1, 90).map(() => 1));
    statements.mockClear();
    expect(await numbers(stream)).toEqual(range(1, 98));
    const [first, second, ...others] = asked('read-stream');
    expect([first, second]).toEqual([1_024, 16]);
    expect(Number(others.at(-1))).toBeGreaterThan(32);
  });

  it('of several streams that are read at once leaves none of them short', async () => {
    const streams = await Promise.all(
      range(1, 12).map((count) => streamOf(...range(1, count).map(() => (count % 3) * 700))),
    );
    const found = await Promise.all(streams.map((stream) => numbers(stream)));
    expect(found).toEqual(range(1, 12).map((count) => range(1, count)));
    expect(asked('read-streams').length).toBeGreaterThan(0);
  });

  it('ends a rebuild with all events, however little a page holds', async () => {
    const silent = (['log', 'warn'] as const).map((level) =>
      jest.spyOn(Logger.prototype, level).mockImplementation(),
    );
    const system = await startTallies([], { maxCharactersPerPage: 1 });
    system.loop('one').start();
    for (const by of range(1, 40)) await system.count('a', by);
    await system.positions.waitFor('tallies', 40n, 20_000);
    // So slow that the new rows lack most events when they are taken.
    const { orders, runner, projection } = system.rebuilding('one', {
      batchSize: 1,
      meddling: { afterRow: () => delay(20) },
    });
    await orders.request('tallies');
    runner.start();
    await waitUntil(async () => (await orders.all()).length === 0);
    expect((await system.fold.compare(projection)).differences).toEqual([]);
    expect(await system.tallies()).toEqual({ a: { total: 820, seen: range(1, 40).join(' ') } });
    await system.close();
    for (const spy of silent) spy.mockRestore();
  });
});
