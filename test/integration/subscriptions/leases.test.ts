import { Logger } from '@nestjs/common';
import { startTallies, TallySystem } from './tally';
import { waitUntil } from '../../support/wait-until';

describe('two processes with one projection', () => {
  let system: TallySystem;

  beforeEach(async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    system = await startTallies([], { held: 2 });
  });

  afterEach(async () => {
    await system.close();
    jest.restoreAllMocks();
  });

  it('never both project: each event has its effect once', async () => {
    const loops = ['one', 'two', 'three'].map((owner) => system.loop(owner, { batchSize: 5 }));
    loops.forEach((loop) => loop.start());
    for (let n = 0; n < 50; n++) await Promise.all([system.count('a', 1), system.count('b', 1)]);
    expect(await system.positions.waitFor('tallies', 100n, 10_000)).toBe(true);
    const seen = Array.from({ length: 50 }, (_, index) => index + 1).join(' ');
    expect(await system.tallies()).toEqual({ a: { total: 50, seen }, b: { total: 50, seen } });
  });

  it('hand over at once when the owner stops', async () => {
    const one = system.loop('one', { leaseSeconds: 3_600 });
    one.start();
    await system.positions.waitFor('tallies', await system.count('a', 1), 10_000);
    system.loop('two', { leaseSeconds: 3_600 }).start();
    await one.stop();
    expect(await system.positions.waitFor('tallies', await system.count('a', 1), 10_000)).toBe(true);
    expect(await system.subscription()).toMatchObject({ owner: 'two', epoch: '2' });
  });

  it('take over when the lease of the owner has run out, and what the stale owner wrote is refused', async () => {
    let resume: () => void = () => undefined;
    const standstill = new Promise<void>((resolve) => (resume = resolve));
    let entered: () => void = () => undefined;
    const inside = new Promise<void>((resolve) => (entered = resolve));
    const stale = system.loop('stale', {
      leaseSeconds: 3_600,
      meddling: {
        afterRow: async ({ manager }) => {
          // Its row is not yet visible to others, and must not block them: it was the first of its stream.
          entered();
          await standstill;
          await manager.query('SELECT 1');
        },
      },
    });
    await system.count('a', 1);
    stale.start();
    await inside;
    // The lease runs out while the owner stands still in the middle of its transaction.
    await system.dataSource.query(
      "UPDATE annals.subscriptions SET lease_expires_at = now() - interval '1 second'",
    );
    system.loop('fresh').start();
    await waitUntil(async () => (await system.subscription()).owner === 'fresh');
    await system.count('b', 1);
    resume();
    expect(await system.positions.waitFor('tallies', 2n, 10_000)).toBe(true);
    await stale.stop();
    expect(await system.tallies()).toEqual({ a: { total: 1, seen: '1' }, b: { total: 1, seen: '1' } });
    expect(await system.subscription()).toMatchObject({ owner: 'fresh', position: '2' });
  });

  it('keep the lease through a batch that lasts longer than it', async () => {
    const afterRow = () => new Promise<void>((resolve) => setTimeout(resolve, 2_500));
    system.loop('slow', { leaseSeconds: 1, meddling: { afterRow } }).start();
    await system.count('a', 1);
    await waitUntil(async () => (await system.subscription()).owner === 'slow');
    system.loop('keen', { leaseSeconds: 1 }).start();
    expect(await system.positions.waitFor('tallies', 1n, 10_000)).toBe(true);
    expect(await system.subscription()).toMatchObject({ owner: 'slow', epoch: '1' });
  });
});
