import fc from 'fast-check';
import { PositionWaiters } from './position-waiters';

describe('those who wait for positions', () => {
  it('are set free by the position that they wait for, or a later one, and by no other', async () => {
    const position = fc.bigInt({ min: 0n, max: 30n });
    const property = fc.asyncProperty(fc.array(position), fc.array(position), async (awaited, moves) => {
      const waiters = new PositionWaiters();
      const free: bigint[] = [];
      const all = awaited.map((least) =>
        waiters.wait(least, 60_000).then((isReached) => isReached && free.push(least)),
      );
      let reached = -1n;
      for (const move of moves) {
        waiters.reached(move);
        await Promise.resolve().then(() => undefined);
        if (move > reached) reached = move;
        expect([...free].sort()).toEqual(awaited.filter((least) => least <= reached).sort());
      }
      expect(waiters.isEmpty).toBe(awaited.every((least) => least <= reached));
      waiters.reached(30n);
      await Promise.all(all);
    });
    await fc.assert(property, { numRuns: 200 });
  });

  it('wait no longer than they want to, and leave nothing behind', async () => {
    const waiters = new PositionWaiters();
    const lasting = waiters.wait(2n, 60_000);
    const brief = [3n, 1n, 2n, 3n, 99n].map((position) => waiters.wait(position, 1));
    expect(await Promise.all(brief)).toEqual([false, false, false, false, false]);
    expect(waiters.isEmpty).toBe(false);
    waiters.reached(2n);
    expect([await lasting, waiters.isEmpty]).toEqual([true, true]);
  });

  it('hear of a failure, all of them', async () => {
    const waiters = new PositionWaiters();
    const all = [1n, 2n, 2n].map((position) => waiters.wait(position, 60_000));
    const outcomes = Promise.allSettled(all);
    waiters.fail(new Error('away'));
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(waiters.isEmpty).toBe(true);
  });
});
