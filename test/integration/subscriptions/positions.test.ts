import { startTallies, TallySystem } from './tally';

describe('waiting for a position', () => {
  let system: TallySystem;

  beforeAll(async () => {
    system = await startTallies([], { pool: 1 });
  });

  afterAll(() => system.close());

  it('ends without success when the time is over', async () => {
    await system.count('a', 1);
    expect(await system.positions.waitFor('tallies', 1n, 100)).toBe(false);
    expect(await system.positions.waitFor('tallies', 1n, 0)).toBe(false);
  });

  it('ends when the projection arrives, for many who wait at once', async () => {
    const waiting = Array.from({ length: 100 }, () => system.positions.waitFor('tallies', 1n, 10_000));
    system.loop('one').start();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([true]));
  });

  it('never tells a position that the rows have not reached', async () => {
    const writing = (async () => {
      for (let n = 0; n < 200; n++) await system.count('b', 1);
    })();
    let isWriting = true;
    void writing.finally(() => (isWriting = false));
    while (isWriting) {
      const position = await system.positions.position('tallies');
      const { b } = await system.tallies();
      expect(BigInt(b?.total ?? 0)).toBeGreaterThanOrEqual(position - 1n);
    }
    await writing;
  });

  it('wakes none of ten thousand who wait before it is their time', async () => {
    const asked = jest.spyOn(system.positions, 'position');
    const far = 10n ** 15n;
    const waits = Array.from({ length: 10_000 }, (_, index) =>
      system.positions.waitFor('tallies', far + BigInt(index % 100), 1_000),
    );
    expect(new Set(await Promise.all(waits))).toEqual(new Set([false]));
    // Each has asked once, when it came; then one asks for all, every 20 ms.
    expect(asked.mock.calls.length).toBeLessThan(10_000 + 200);
    asked.mockRestore();
  });

  it('tells all who wait when the database fails, and those who come after it what is so', async () => {
    const position = jest.spyOn(system.positions, 'position');
    const far = 10n ** 15n;
    const waits = [far, far, far + 1n].map((later) => system.positions.waitFor('tallies', later, 30_000));
    const outcomes = Promise.allSettled(waits);
    await system.positions.position('tallies');
    position.mockRejectedValueOnce(new Error('away'));
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    position.mockRestore();
    expect(await system.positions.waitFor('tallies', 1n, 30_000)).toBe(true);
    expect(await system.positions.waitFor('tallies', far, 50)).toBe(false);
  });
});
