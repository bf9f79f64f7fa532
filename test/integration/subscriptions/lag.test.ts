import { Logger } from '@nestjs/common';
import { waitUntil } from '../../support/wait-until';
import { startTallies, TallySystem } from './tally';

describe('the lag of a subscription that stands still', () => {
  let system: TallySystem;

  beforeEach(async () => {
    jest.spyOn(Logger.prototype, 'log').mockImplementation();
    system = await startTallies();
    const run = system.loop('one');
    run.start();
    await system.positions.waitFor('tallies', await system.count('a', 1), 10_000);
    await run.stop();
  });

  afterEach(async () => {
    await system.close();
    jest.restoreAllMocks();
  });

  const restamp = (by: string): Promise<unknown> =>
    system.dataSource.query(`
      ALTER TABLE annals.events DISABLE TRIGGER events_are_immutable;
      UPDATE annals.events SET timestamp = clock_timestamp() + interval '${by}' WHERE position > 1;
      ALTER TABLE annals.events ENABLE TRIGGER events_are_immutable`);

  const lag = async (): Promise<number | undefined> => (await system.statuses.all())[0]?.lagSeconds;

  it.each(['1 hour', '1 day'])(
    'grows although the clock that stamped its events is ahead by %s',
    async (by) => {
      await lag();
      await system.count('a', 2);
      await restamp(by);
      await waitUntil(async () => ((await lag()) ?? 0) > 1.5);
    },
  );

  it.each(['-1 hour', '-1 day'])(
    'is no hour although the clock that stamped its events is behind: %s',
    async (by) => {
      await lag();
      await system.count('a', 2);
      await restamp(by);
      expect(await lag()).toBeLessThan(60);
      await waitUntil(async () => ((await lag()) ?? 0) > 1.5);
    },
  );

  it('is nothing once it has seen all, whatever the stamps say', async () => {
    await system.count('a', 2);
    await restamp('-1 hour');
    system.loop('two').start();
    await system.positions.waitFor('tallies', 2n, 10_000);
    expect(await lag()).toBe(0);
  });
});
