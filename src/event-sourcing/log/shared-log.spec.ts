import { setImmediate } from 'node:timers/promises';
import { EventStoreUnavailableError } from '../event-store/errors';
import { ReadAllOptions } from '../event-store/event-store';
import { InMemoryEventStore } from '../event-store/in-memory-event-store';
import { SharedLog } from './shared-log';

/** Notes after which positions it was read; can be away, and can keep its readers waiting. */
class WatchedStore extends InMemoryEventStore {
  readonly reads: bigint[] = [];
  isAway = false;
  answers: Promise<void> = Promise.resolve();

  override async readAll(options: ReadAllOptions) {
    this.reads.push(options.after);
    const page = await super.readAll(options);
    await this.answers;
    if (this.isAway) throw new EventStoreUnavailableError(new Error('away'));
    return page;
  }

  async fill(events: number): Promise<void> {
    const event = { type: 'Noted', data: { list: [{ n: 1 }] } };
    for (let n = 0; n < events; n++)
      await this.appendToStream({ type: 'Note', id: 'n' }, [event], { expectedVersion: 'any' });
  }

  /** Nobody gets an answer until the function is called. */
  hold(): () => void {
    let answer = (): void => undefined;
    this.answers = new Promise((resolve) => (answer = resolve));
    return answer;
  }
}

describe('SharedLog', () => {
  let store: WatchedStore;
  let log: SharedLog;
  beforeEach(() => {
    store = new WatchedStore();
    log = new SharedLog(store);
  });

  const positionsAfter = async (after: bigint, limit = 2) =>
    (await log.readAll({ after, limit })).map(({ position }) => Number(position));

  it('gives a page that was read to all who come after', async () => {
    await store.fill(4);
    expect(await positionsAfter(0n)).toEqual([1, 2]);
    expect(await positionsAfter(0n)).toEqual([1, 2]);
    expect(await positionsAfter(2n)).toEqual([3, 4]);
    expect(await positionsAfter(2n)).toEqual([3, 4]);
    expect(store.reads).toEqual([0n, 2n]);
  });

  it('gives the rest of a page to one who has its beginning, and not more than it asks for', async () => {
    await store.fill(6);
    expect(await positionsAfter(0n, 5)).toEqual([1, 2, 3, 4, 5]);
    expect(await positionsAfter(3n, 5)).toEqual([4, 5]);
    expect(await positionsAfter(1n, 2)).toEqual([2, 3]);
    expect(store.reads).toEqual([0n]);
    expect(await positionsAfter(5n, 5)).toEqual([6]);
    expect(store.reads).toEqual([0n, 5n]);
  });

  it('gives a page that is being read to all who ask for it', async () => {
    await store.fill(3);
    const answer = store.hold();
    const pages = Promise.all([
      positionsAfter(0n),
      positionsAfter(0n),
      positionsAfter(1n),
      positionsAfter(0n, 1),
    ]);
    await setImmediate();
    answer();
    expect(await pages).toEqual([[1, 2], [1, 2], [2, 3], [1]]);
    expect(store.reads).toEqual([0n, 1n, 0n]);
  });

  it('reads again for one who asks behind what it found the end of the log to be', async () => {
    const answer = store.hold();
    const early = positionsAfter(0n);
    await setImmediate();
    await store.fill(1);
    const late = positionsAfter(0n);
    answer();
    expect([await early, await late]).toEqual([[], [1]]);
    expect(await positionsAfter(1n)).toEqual([]);
    await store.fill(1);
    expect(await positionsAfter(1n)).toEqual([2]);
  });

  it('tells all who wait when the store is away, and reads again after that', async () => {
    await store.fill(1);
    store.isAway = true;
    const both = await Promise.allSettled([positionsAfter(0n), positionsAfter(0n)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    store.isAway = false;
    expect(await positionsAfter(0n)).toEqual([1]);
    expect(store.reads).toEqual([0n, 0n]);
  });

  it('keeps four pages while others take them', async () => {
    await store.fill(20);
    for (const after of [0n, 2n, 4n, 6n, 8n, 10n]) {
      await positionsAfter(after);
      await positionsAfter(after);
    }
    store.reads.length = 0;
    for (const after of [4n, 6n, 8n, 10n]) await positionsAfter(after);
    expect(store.reads).toEqual([]);
    expect(await positionsAfter(2n)).toEqual([3, 4]);
    expect(await positionsAfter(10n)).toEqual([11, 12]);
    expect(store.reads).toEqual([2n]);
  });

  it('keeps the newest only, once nobody takes them', async () => {
    await store.fill(20);
    for (const after of [0n, 0n, 2n, 4n, 6n, 8n]) await positionsAfter(after);
    store.reads.length = 0;
    await positionsAfter(8n);
    expect(store.reads).toEqual([]);
    await positionsAfter(6n);
    expect(store.reads).toEqual([6n]);
  });

  it('keeps nothing for longer than a second', async () => {
    await store.fill(2);
    const clock = jest.spyOn(performance, 'now').mockReturnValue(5_000);
    await positionsAfter(0n);
    clock.mockReturnValue(5_999);
    await positionsAfter(0n);
    expect(store.reads).toEqual([0n]);
    clock.mockReturnValue(6_000);
    await positionsAfter(0n);
    clock.mockRestore();
    expect(store.reads).toEqual([0n, 0n]);
  });

  it('gives events that nobody can change, so that no one hands on what it made of them', async () => {
    await store.fill(1);
    const [event] = await log.readAll({ after: 0n });
    const list = event?.data.list as { n: number }[];
    expect(() => list.push({ n: 2 })).toThrow(TypeError);
    expect(() => Object.assign(list[0] as object, { n: 2 })).toThrow(TypeError);
    for (const part of [event, event?.stream, event?.data, event?.metadata])
      expect(() => Object.assign(part as object, { id: 'x' })).toThrow(TypeError);
  });
});
