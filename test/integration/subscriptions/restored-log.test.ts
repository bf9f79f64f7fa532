import { Logger } from '@nestjs/common';
import type { EventBus } from '@nestjs/cqrs';
import { AppendSignal, EventRegistry, SubscriptionWatchdog } from '../../../src/event-sourcing';
import { EventBusBridge } from '../../../src/event-sourcing/messaging/event-bus/event-bus-bridge';
import { SharedLog } from '../../../src/event-sourcing/log/shared-log';
import { waitUntil } from '../../support/wait-until';
import { handlerOf, OneProcess, startProcess } from './one-process';
import { Counted, startTallies, TallySystem } from './tally';

/** As a restore to an earlier state leaves the log. */
const setBackTo = `
  ALTER TABLE annals.events DISABLE TRIGGER events_are_immutable;
  DELETE FROM annals.events WHERE position > POSITION;
  ALTER TABLE annals.events ENABLE TRIGGER events_are_immutable`;

let system: TallySystem;
let warnings: jest.SpyInstance<void, unknown[]>;

beforeEach(async () => {
  for (const level of ['log', 'error'] as const) jest.spyOn(Logger.prototype, level).mockImplementation();
  warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
  system = await startTallies();
});

afterEach(async () => {
  await system.close();
  jest.restoreAllMocks();
});

const setBack = (position: number): Promise<unknown> =>
  system.dataSource.query(setBackTo.replaceAll('POSITION', String(position)));

const warned = (text: string): boolean => warnings.mock.calls.some(([line]) => String(line).includes(text));

describe('a checkpoint beyond the end of the log', () => {
  beforeEach(async () => {
    const run = system.loop('before');
    run.start();
    await system.positions.waitFor('tallies', await system.count('a', 1, 2, 3, 4, 5), 10_000);
    await run.stop();
  });

  it('is said: the subscription fails, and no lag is below zero', async () => {
    await setBack(2);
    const [status] = await system.statuses.all();
    expect(status).toMatchObject({ state: 'failed', lagEvents: 0n, lagSeconds: 0, checkpoint: 5n, head: 2n });
    expect(status?.failure).toContain('The checkpoint is at position 5, but the log ends at 2.');
    const run = system.loop('one');
    run.start();
    await waitUntil(() => Promise.resolve(run.isFailing));
    await run.stop();
    const [row] = await system.dataSource.query<{ failure: string }[]>(
      'SELECT failure FROM annals.subscriptions',
    );
    expect(row?.failure).toContain('The checkpoint is at position 5, but the log ends at 2.');
  });

  it('is said by a process that was running when it came to be, and the watchdog', async () => {
    const run = system.loop('one', { pollMs: 20 });
    run.start();
    const watchdog = new SubscriptionWatchdog(system.statuses, { stalledAfterMs: 300 });
    watchdog.start();
    await setBack(2);
    await waitUntil(() => Promise.resolve(run.isFailing));
    await waitUntil(() => Promise.resolve(watchdog.stalled().includes('tallies')));
    watchdog.stop();
  });

  it('is no failure any more once the checkpoint is restored, too', async () => {
    await setBack(2);
    const run = system.loop('one', { maxBackoffMs: 100 });
    run.start();
    await waitUntil(() => Promise.resolve(run.isFailing));
    await system.dataSource.query('TRUNCATE tallies; UPDATE annals.subscriptions SET position = 0, seen = 0');
    await system.count('a', 6);
    expect(await system.positions.waitFor('tallies', 3n, 10_000)).toBe(true);
    expect(await system.tallies()).toEqual({ a: { total: 9, seen: '1 2 3' } });
    await waitUntil(async () => (await system.statuses.all())[0]?.state === 'running');
  });
});

describe('events that are gone', () => {
  let process: OneProcess;

  beforeEach(async () => {
    process = await startProcess(system.database.url, 'one', { pollMs: 20, maxBackoffMs: 50 });
    await system.dataSource.query('CREATE TABLE handled (name text, id uuid)');
  });

  afterEach(() => process.stop());

  const noting = (name: string, first?: Promise<void>) =>
    handlerOf(name, async ({ id }, manager) => {
      await first;
      await manager.query('INSERT INTO handled VALUES ($1, $2)', [name, id]);
    });

  it.each([
    ['and nothing came after them', 0],
    ['and others stand in their places', 5],
  ])('leave no row, also when the process had read them a moment before, %s', async (_what, after) => {
    await system.count('a', 1, 2, 3);
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    process.run(noting('held', held));
    process.run(noting('quick'));
    await waitUntil(async () => (await system.positions.position('quick')) === 3n);
    await setBack(0);
    await system.dataSource.query(
      'DELETE FROM handled; UPDATE annals.subscriptions SET position = 0, seen = 0',
    );
    for (let n = 0; n < after; n++) await system.count('b', n);
    goOn();
    await waitUntil(async () => (await system.positions.position('held')) === BigInt(after));
    await system.count('c', 1);
    await waitUntil(async () => (await system.positions.position('held')) === BigInt(after + 1));
    const stored = (await system.store.readAll({ after: 0n })).map(({ id }) => id);
    const rows = await system.dataSource.query<{ id: string }[]>(
      "SELECT id FROM handled WHERE name = 'held'",
    );
    expect(rows.map(({ id }) => id)).toEqual(stored);
  });
});

describe('the bridge to the event bus', () => {
  let bridge: EventBusBridge;
  let heard: number[];

  beforeEach(() => {
    heard = [];
    const registry = new EventRegistry();
    registry.register(Counted);
    const bus = { publish: ({ by }: Counted) => heard.push(by) } as unknown as EventBus;
    const log = new SharedLog(system.store);
    bridge = new EventBusBridge(system.store, log, registry, bus, new AppendSignal(), {
      pollMs: 100,
      companyMs: 0,
    });
  });

  afterEach(() => bridge.stop());

  const hears = (...numbers: number[]): Promise<void> =>
    waitUntil(() => Promise.resolve(numbers.every((n) => heard.includes(n))));

  it.each([
    ['at once', () => Promise.resolve()],
    ['after it has looked', () => waitUntil(() => Promise.resolve(warned('The log was set back')))],
  ])('hands on what comes after a restore, %s', async (_when, pause) => {
    await bridge.start();
    await system.count('a', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    await hears(10);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await setBack(4);
    await pause();
    await system.count('b', 11, 12, 13, 14, 15, 16, 17, 18);
    await hears(11, 12, 13, 14, 15, 16, 17, 18);
    expect(heard).toEqual(Array.from({ length: 18 }, (_, n) => n + 1));
    expect(warned('The log was set back to position 4')).toBe(true);
  });

  it('says what it cannot know: that it was set back before anything was handed on', async () => {
    await system.count('a', 1, 2, 3, 4, 5);
    await bridge.start();
    await setBack(2);
    await system.count('b', 6, 7, 8, 9);
    await waitUntil(() => Promise.resolve(warned('did not reach the event bus')));
    await system.count('b', 10);
    await hears(10);
  });
});
