import { setTimeout as delay } from 'node:timers/promises';
import { Global, Logger, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import {
  DurableEventsHandler,
  EventSourcingModule,
  EventStoreClosedError,
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
    system = await startTallies([], { pool: 1, held: 1 });
    watchdog = new SubscriptionWatchdog(system.statuses, { stalledAfterMs: 300 });
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
    watchdog = new SubscriptionWatchdog(system.statuses, { stalledAfterMs: 1_000 });
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
    const system = await startTallies([], { pool: 1, held: 1 });
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

describe('a rebuild', () => {
  let system: TallySystem;
  let watchdog: SubscriptionWatchdog;
  let errors: jest.SpyInstance<void, unknown[]>;
  let release: () => void;

  beforeEach(async () => {
    for (const level of ['log', 'warn'] as const) jest.spyOn(Logger.prototype, level).mockImplementation();
    errors = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    release = () => undefined;
    system = await startTallies([], { pool: 1, held: 1 });
    watchdog = new SubscriptionWatchdog(system.statuses, { stalledAfterMs: 300 });
    const run = system.loop('before');
    run.start();
    await system.positions.waitFor('tallies', await system.count('a', 1, 2, 3), 10_000);
  });

  afterEach(async () => {
    watchdog.stop();
    release();
    await system.close();
    jest.restoreAllMocks();
  });

  const stalled = () => waitUntil(() => Promise.resolve(watchdog.stalled().includes('tallies@next')));

  it('that hangs is noticed like any subscription', async () => {
    // More than a swap catches up with, so that a loop does it.
    const last = await system.count('b', ...Array.from({ length: 600 }, () => 1));
    await system.positions.waitFor('tallies', last, 10_000);
    watchdog.start();
    const held = new Promise<void>((resolve) => (release = resolve));
    const { orders, runner } = system.rebuilding('two', { meddling: { afterRow: () => held } });
    await orders.request('tallies');
    runner.start();
    await waitUntil(() => Promise.resolve(watchdog.stalledIn('two').length === 1));
    expect(watchdog.stalled()).toEqual(['tallies@next']);
    expect(watchdog.isRebuildStalled('tallies')).toBe(true);
    expect(watchdog.stalledIn('before')).toEqual([]);
    expect(alarmsIn(errors)).toEqual([expect.stringMatching(/^"tallies@next" .* 603 events wait\./)]);
    const [status] = await system.statuses.all();
    expect(status?.rebuild).toMatchObject({ state: 'running', owner: 'two', lagEvents: 603n });
    release();
    await waitUntil(() => Promise.resolve(watchdog.stalled().length === 0));
  });

  it('that no process of its version runs is noticed', async () => {
    watchdog.start();
    const { orders } = system.rebuilding('two', { version: 2 });
    await orders.request('tallies');
    await stalled();
    expect(alarmsIn(errors)).toEqual([expect.stringMatching(/^"tallies@next" .* No process runs it/)]);
    const [status] = await system.statuses.all();
    expect(status?.rebuild).toMatchObject({ state: 'stopped', owner: null });
  });

  it('that fails over and over is noticed, with its failure', async () => {
    watchdog.start();
    // As if this process were about to stop: the fault of no event.
    const afterRow = () => Promise.reject(new EventStoreClosedError());
    const { orders, runner } = system.rebuilding('two', { maxBackoffMs: 50, meddling: { afterRow } });
    await orders.request('tallies');
    runner.start();
    await stalled();
    await waitUntil(async () => (await system.statuses.all())[0]?.rebuild?.state === 'failed');
    const [status] = await system.statuses.all();
    expect(status?.rebuild?.failure).toMatch(/closed/);
  });

  it('that is complete but cannot take over is noticed, and one that an operator holds is not', async () => {
    watchdog.start();
    const { orders, runner, projection, swap } = system.rebuilding('two');
    await orders.request('tallies', { isHeld: true });
    runner.start();
    await waitUntil(() => swap.isNear(projection));
    await waitUntil(async () => (await system.statuses.all())[0]?.rebuild?.lagEvents === 0n);
    const looks = jest.spyOn(system.statuses, 'all');
    await waitUntil(() => Promise.resolve(looks.mock.calls.length > 25));
    expect(watchdog.stalled()).toEqual([]);
    await system.dataSource.transaction(async (manager) => {
      await manager.query('SELECT count(*) FROM tallies');
      await orders.hold('tallies', false);
      await stalled();
    });
    expect(alarmsIn(errors)).toEqual([
      expect.stringContaining('Its shadow tables are complete, but cannot be swapped in'),
    ]);
    await waitUntil(async () => (await system.statuses.all())[0]?.rebuild === null);
    await waitUntil(() => Promise.resolve(watchdog.stalled().length === 0));
  });
});
