import { Logger } from '@nestjs/common';
import { AppendSignal, PostgresEventStore } from '../../../src/event-sourcing';
import { startTallies, TallySystem } from './tally';

describe('a projection', () => {
  let system: TallySystem;
  let errors: jest.SpyInstance;

  beforeEach(async () => {
    errors = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    system = await startTallies();
  });

  afterEach(async () => {
    await system.close();
    jest.restoreAllMocks();
  });

  it('sees each event once, in the order of the log, and moves its checkpoint with the rows', async () => {
    system.loop('one', { batchSize: 7 }).start();
    for (let n = 0; n < 20; n++)
      await Promise.all(['a', 'b', 'c'].map((stream) => system.count(stream, n, 1)));
    const head = await system.store.head();
    expect(await system.positions.waitFor('tallies', head, 10_000)).toBe(true);
    const seen = Array.from({ length: 40 }, (_, index) => index + 1).join(' ');
    expect(await system.tallies()).toEqual({
      a: { total: 210, seen },
      b: { total: 210, seen },
      c: { total: 210, seen },
    });
    expect((await system.subscription()).position).toBe(String(head));
  });

  it('passes events that are for no method of it, and moves on', async () => {
    system.loop('one').start();
    const { position } = await system.store.appendToStream(
      { type: 'Tally', id: 'a' },
      [{ type: 'Ignored', data: {} }],
      { expectedVersion: 0 },
    );
    expect(await system.positions.waitFor('tallies', position, 10_000)).toBe(true);
    expect(await system.tallies()).toEqual({});
  });

  it('stops at an event of a type that nobody knows, instead of passing it in silence', async () => {
    await system.store.appendToStream({ type: 'Tally', id: 'a' }, [{ type: 'Stranger', data: {} }], {
      expectedVersion: 0,
    });
    system.loop('one', { maxBackoffMs: 20 }).start();
    expect(await system.positions.waitFor('tallies', 1n, 500)).toBe(false);
    expect(errors.mock.calls.some(([message]) => String(message).includes('"Stranger"'))).toBe(true);
  });

  it('raises an alarm at a hole in the log, and does not go past it', async () => {
    await system.count('a', 1, 2, 3, 4);
    await system.dataSource.query('ALTER TABLE annals.events DISABLE TRIGGER events_are_immutable');
    await system.dataSource.query('DELETE FROM annals.events WHERE position = 3');
    system.loop('one', { maxBackoffMs: 20, batchSize: 2 }).start();
    expect(await system.positions.waitFor('tallies', 4n, 1_000)).toBe(false);
    expect((await system.subscription()).position).toBe('2');
    expect(errors.mock.calls.some(([message]) => String(message).includes('position 3 was expected'))).toBe(
      true,
    );
  });

  it('is woken by an append of its process, long before its next poll', async () => {
    system.loop('one', { pollMs: 600_000 }).start();
    expect(await system.positions.waitFor('tallies', await system.count('a', 1), 10_000)).toBe(true);
    expect(await system.positions.waitFor('tallies', await system.count('a', 1), 10_000)).toBe(true);
  });

  it('finds what another process appended by polling', async () => {
    system.loop('one').start();
    const connection = { connectionString: system.database.url };
    const elsewhere = new PostgresEventStore({ connection }, new AppendSignal());
    const events = [{ type: 'Counted', data: { by: 1 } }];
    const { position } = await elsewhere.appendToStream({ type: 'Tally', id: 'a' }, events, {
      expectedVersion: 0,
    });
    expect(await system.positions.waitFor('tallies', position, 10_000)).toBe(true);
    await elsewhere.close();
  });

  it('finishes its batch when it is stopped, and gives the lease back', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let entered: () => void = () => undefined;
    const inside = new Promise<void>((resolve) => (entered = resolve));
    const afterRow = async () => {
      entered();
      await held;
    };
    const loop = system.loop('one', { meddling: { afterRow } });
    await system.count('a', 5);
    loop.start();
    await inside;
    const stopped = loop.stop();
    release();
    await stopped;
    expect(await system.tallies()).toEqual({ a: { total: 5, seen: '1' } });
    expect(await system.subscription()).toMatchObject({ position: '1', owner: null });
  });

  it('does not touch rows that another version of it made', async () => {
    const first = system.loop('one');
    await system.count('a', 1);
    first.start();
    await system.positions.waitFor('tallies', 1n, 10_000);
    await first.stop();
    await system.count('a', 1);
    system.loop('two', { version: 2, maxBackoffMs: 20 }).start();
    expect(await system.positions.waitFor('tallies', 2n, 500)).toBe(false);
    expect(errors.mock.calls.some(([message]) => String(message).includes('made by its version 1'))).toBe(
      true,
    );
    expect((await system.subscription()).owner).toBeNull();
  });
});
