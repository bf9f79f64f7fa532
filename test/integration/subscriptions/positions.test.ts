import { startTallies, TallySystem } from './tally';

describe('waiting for a position', () => {
  let system: TallySystem;

  beforeAll(async () => {
    system = await startTallies();
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
});
