import { Logger } from '@nestjs/common';
import { waitUntil } from '../../support/wait-until';
import { startTallies, TallySystem } from './tally';

describe('an event that this program does not know', () => {
  let system: TallySystem;

  beforeEach(async () => {
    for (const level of ['error', 'warn', 'log'] as const)
      jest.spyOn(Logger.prototype, level).mockImplementation();
    system = await startTallies([], { pool: 1 });
  });

  afterEach(async () => {
    await system.close();
    jest.restoreAllMocks();
  });

  const counted = Array.from({ length: 500 }, () => ({ type: 'Counted', data: { by: 1 } }));

  it.each([
    ['its type', { type: 'FromTheFuture', data: {} }, 'FromTheFuture'],
    ['its schema version', { type: 'Counted', schemaVersion: 9, data: { by: 1 } }, 'schema version 9'],
  ])('stops the subscription when those before it are handled: %s', async (_what, stranger, words) => {
    await system.store.appendToStream({ type: 'Tally', id: 'a' }, counted, { expectedVersion: 0 });
    await system.store.appendToStream({ type: 'Tally', id: 'b' }, [stranger], { expectedVersion: 0 });
    await system.store.appendToStream({ type: 'Tally', id: 'c' }, counted, { expectedVersion: 0 });
    const loop = system.loop('one', { maxBackoffMs: 20 });
    loop.start();
    expect(await system.positions.waitFor('tallies', 500n, 10_000)).toBe(true);
    await waitUntil(async () => (await system.statuses.all())[0]?.failure?.includes(words) ?? false);
    expect((await system.subscription()).position).toBe('500');
    expect(Object.values(await system.tallies()).map(({ total }) => total)).toEqual([500]);
    expect(await system.control.parked('tallies')).toEqual([]);
    expect(loop.isFailing).toBe(true);
  });
});
