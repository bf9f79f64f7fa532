import { setImmediate } from 'node:timers/promises';
import { EventStoreUnavailableError } from '../event-store/errors';
import { ReadAllOptions } from '../event-store/event-store';
import { InMemoryEventStore } from '../event-store/in-memory-event-store';
import { LogPages } from './log-pages';

/** Notes after which positions it was read, and fails once after one of them. */
class WatchedStore extends InMemoryEventStore {
  readonly reads: bigint[] = [];
  failsAfter: bigint | undefined;

  override async readAll(options: ReadAllOptions) {
    this.reads.push(options.after);
    if (options.after === this.failsAfter) {
      this.failsAfter = undefined;
      throw new EventStoreUnavailableError(new Error('away'));
    }
    return super.readAll(options);
  }

  async fill(events: number): Promise<void> {
    const event = { type: 'Noted', data: {} };
    for (let n = 0; n < events; n++)
      await this.appendToStream({ type: 'Note', id: 'n' }, [event], { expectedVersion: 'any' });
  }
}

describe('LogPages', () => {
  let store: WatchedStore;
  let log: LogPages;
  beforeEach(() => {
    store = new WatchedStore();
    log = new LogPages(store, 2);
  });

  const positionsAfter = async (position: bigint) =>
    (await log.after(position)).map((event) => event.position);

  it('reads the next page while a full one is in hand, and each page once', async () => {
    await store.fill(5);
    expect(await positionsAfter(0n)).toEqual([1n, 2n]);
    expect(store.reads).toEqual([0n, 2n]);
    expect(await positionsAfter(2n)).toEqual([3n, 4n]);
    expect(await positionsAfter(4n)).toEqual([5n]);
    expect(store.reads).toEqual([0n, 2n, 4n]);
  });

  it('reads nothing ahead at the end of the log, so that what is appended meanwhile is not missed', async () => {
    await store.fill(1);
    expect(await positionsAfter(0n)).toEqual([1n]);
    await store.fill(1);
    expect(await positionsAfter(1n)).toEqual([2n]);
  });

  it('does not take an end of the log that was read ahead for its end now', async () => {
    await store.fill(2);
    expect(await positionsAfter(0n)).toEqual([1n, 2n]);
    await setImmediate();
    await store.fill(1);
    expect(await positionsAfter(2n)).toEqual([3n]);
  });

  it('does not take the page that was read ahead for another position', async () => {
    await store.fill(5);
    await log.after(0n);
    expect(await positionsAfter(3n)).toEqual([4n, 5n]);
    expect(await positionsAfter(0n)).toEqual([1n, 2n]);
  });

  it('gives an error of the page that was read ahead to who asks for it, and reads again after that', async () => {
    await store.fill(3);
    store.failsAfter = 2n;
    await log.after(0n);
    await setImmediate();
    await expect(log.after(2n)).rejects.toThrow(EventStoreUnavailableError);
    expect(await positionsAfter(2n)).toEqual([3n]);
  });
});
