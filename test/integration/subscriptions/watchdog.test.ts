import { setTimeout as delay } from 'node:timers/promises';
import { Global, Logger, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import {
  DurableEventsHandler,
  EventSourcingModule,
  IDurableEventsHandler,
  SubscriptionWatchdog,
} from '../../../src/event-sourcing';
import { waitUntil } from '../../support/wait-until';
import { Counted, startTallies, TallySystem } from './tally';

function alarmsIn(errors: jest.SpyInstance<void, unknown[]>): readonly string[] {
  return errors.mock.calls.map(([message]) => String(message)).filter((line) => line.includes('no progress'));
}

describe('the watchdog', () => {
  let system: TallySystem;
  let watchdog: SubscriptionWatchdog;
  let errors: jest.SpyInstance<void, unknown[]>;

  beforeEach(async () => {
    jest.spyOn(Logger.prototype, 'log').mockImplementation();
    errors = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    system = await startTallies();
    watchdog = new SubscriptionWatchdog(system.statuses, { stalledAfterMs: 300, watchMs: 20 });
  });

  afterEach(async () => {
    watchdog.stop();
    await system.close();
    jest.restoreAllMocks();
  });

  const stalled = () => waitUntil(() => Promise.resolve(watchdog.stalled().length === 1));
  const alarms = () => alarmsIn(errors);

  async function looked(times: number): Promise<void> {
    const looks = jest.spyOn(system.statuses, 'all');
    await waitUntil(() => Promise.resolve(looks.mock.calls.length > times));
  }

  it('says once that a handler hangs, and where, and notices when it goes on', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    system.loop('one', { meddling: { afterRow: () => held } }).start();
    watchdog.start();
    await system.count('a', 1);
    await stalled();
    await looked(10);
    expect(alarms()).toEqual([expect.stringMatching(/^"tallies" .* 1 events wait\. It is running in one/)]);
    release();
    await waitUntil(() => Promise.resolve(watchdog.stalled().length === 0));
    expect(alarms()).toHaveLength(1);
  });

  it('says that no process runs a subscription', async () => {
    const run = system.loop('one');
    run.start();
    await system.positions.waitFor('tallies', await system.count('a', 1), 10_000);
    await run.stop();
    watchdog.start();
    await system.count('a', 1);
    await stalled();
    expect(alarms()).toEqual([expect.stringContaining('No process runs it')]);
  });

  it('is silent while there is nothing to do', async () => {
    system.loop('one').start();
    await system.positions.waitFor('tallies', await system.count('a', 1), 10_000);
    watchdog.start();
    await looked(25);
    expect([watchdog.stalled(), alarms()]).toEqual([[], []]);
  });

  it('is silent about a paused one', async () => {
    system.loop('one').start();
    await system.positions.waitFor('tallies', await system.count('a', 1), 10_000);
    watchdog.start();
    await system.control.pause('tallies');
    await system.count('a', 1);
    await looked(25);
    expect([watchdog.stalled(), alarms()]).toEqual([[], []]);
  });

  it('is silent about one that moves, though events wait all the time', async () => {
    watchdog = new SubscriptionWatchdog(system.statuses, { stalledAfterMs: 1_000, watchMs: 20 });
    for (let n = 0; n < 40; n++) await system.count('a', 1);
    system.loop('one', { batchSize: 1, meddling: { afterRow: () => delay(50) } }).start();
    watchdog.start();
    expect(await system.positions.waitFor('tallies', 40n, 30_000)).toBe(true);
    expect([watchdog.stalled(), alarms()]).toEqual([[], []]);
  });
});

describe('an application', () => {
  it('has a watchdog for as long as it runs', async () => {
    jest.spyOn(Logger.prototype, 'log').mockImplementation();
    const errors = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    const system = await startTallies();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));

    @DurableEventsHandler('held', Counted)
    class Held implements IDurableEventsHandler<Counted> {
      handle(): Promise<void> {
        return held;
      }
    }
    @Global()
    @Module({ providers: [{ provide: DataSource, useValue: system.dataSource }], exports: [DataSource] })
    class DataSourceModule {}
    const kernel = EventSourcingModule.forRoot({
      store: { connection: { connectionString: system.database.url } },
      subscriptions: { stalledAfterMs: 300 },
    });
    const builder = Test.createTestingModule({ imports: [DataSourceModule, kernel], providers: [Held] });
    const application = await builder.compile();
    try {
      await application.init();
      await system.count('a', 1);
      await waitUntil(() => Promise.resolve(alarmsIn(errors).length > 0));
      expect(alarmsIn(errors)).toEqual([
        expect.stringMatching(/^"held" .* 1 events wait\. It is running in/),
      ]);
    } finally {
      release();
      await application.close();
      await system.close();
      jest.restoreAllMocks();
    }
  });
});
