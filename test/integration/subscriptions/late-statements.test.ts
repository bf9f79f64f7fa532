import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ProjectionContext } from '../../../src/event-sourcing';
import { waitUntil } from '../../support/wait-until';
import { startTallies, Tally, TallySystem } from './tally';

const fast = { retryDelayMs: 10, maxRetryDelayMs: 20, maxBackoffMs: 20, maxAttempts: 3 };
const late = { id: 'late', total: 1, seen: '' };

/** Ways to send a statement through the manager of an event. */
const ways: [string, (manager: EntityManager) => Promise<unknown>][] = [
  ['query', (manager) => manager.query("INSERT INTO tallies VALUES ('late', 1, '')")],
  ['insert', (manager) => manager.insert(Tally, late)],
  ['save', (manager) => manager.save(Tally, late)],
  ['upsert', (manager) => manager.upsert(Tally, late, ['id'])],
  ['repository', (manager) => manager.getRepository(Tally).insert(late)],
  ['builder', (manager) => manager.createQueryBuilder().insert().into(Tally).values(late).execute()],
  ['transaction', (manager) => manager.transaction((nested) => nested.insert(Tally, late))],
  ['COMMIT by hand', (manager) => manager.query('COMMIT')],
];

describe('a statement that is sent after its event was handled', () => {
  let system: TallySystem;
  let errors: jest.SpyInstance<void, [message: unknown, ...more: unknown[]]>;
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);

  beforeEach(async () => {
    for (const level of ['warn', 'log'] as const) jest.spyOn(Logger.prototype, level).mockImplementation();
    errors = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    unhandled.length = 0;
    process.on('unhandledRejection', note);
    system = await startTallies();
  });

  afterEach(async () => {
    process.off('unhandledRejection', note);
    await system.close();
    jest.restoreAllMocks();
  });

  const reports = () => errors.mock.calls.map(([message]) => String(message));
  const isReported = (position: number) =>
    waitUntil(() =>
      Promise.resolve(
        reports().some((line) => line.includes(`at position ${position}: a statement was sent`)),
      ),
    );
  const expectGoesOn = async () => {
    expect(await system.positions.waitFor('tallies', await system.count('b', 1), 10_000)).toBe(true);
    expect(Object.keys(await system.tallies()).sort()).toEqual(['a', 'b']);
    expect(await system.control.parked('tallies')).toEqual([]);
    await delay(50);
    expect(unhandled).toEqual([]);
  };

  it.each(ways)('is refused and reported when the transaction is over: %s', async (_name, send) => {
    let wasSent = false;
    const afterRow = ({ manager, recorded }: ProjectionContext) => {
      if (recorded.stream.id !== 'a') return;
      void delay(100).then(() => {
        wasSent = true;
        return send(manager);
      });
    };
    await system.count('a', 1);
    system.loop('one', { ...fast, meddling: { afterRow } }).start();
    await waitUntil(() => Promise.resolve(wasSent));
    await isReported(1);
    await expectGoesOn();
  });

  it.each(ways)('is refused and reported while a later event is in hand: %s', async (_name, send) => {
    let finish: () => void = () => undefined;
    const isFinished = new Promise<void>((resolve) => (finish = resolve));
    const afterRow = async ({ manager, recorded }: ProjectionContext) => {
      if (recorded.position === 1n) void delay(20).then(() => send(manager));
      else if (recorded.position === 2n) await isFinished;
    };
    await system.count('a', 1, 2);
    system.loop('one', { ...fast, meddling: { afterRow } }).start();
    await isReported(1);
    finish();
    expect(await system.positions.waitFor('tallies', 2n, 10_000)).toBe(true);
    expect((await system.tallies()).a?.seen).toBe('1 2');
    await expectGoesOn();
  });

  it('has a timer of its own: it is refused and reported as well', async () => {
    let kept: EntityManager | undefined;
    let isOver = false;
    const sender = setInterval(() => {
      if (isOver) void kept?.query("INSERT INTO tallies VALUES ('late', 1, '')");
    }, 20);
    const afterRow = ({ manager }: ProjectionContext) => void (kept ??= manager);
    await system.count('a', 1);
    system.loop('one', { ...fast, meddling: { afterRow } }).start();
    expect(await system.positions.waitFor('tallies', 1n, 10_000)).toBe(true);
    isOver = true;
    await waitUntil(() => Promise.resolve(reports().some((line) => line.includes('a statement was sent'))));
    clearInterval(sender);
    await delay(50);
    expect((await system.tallies()).late).toBeUndefined();
    await system.dataSource.query("DELETE FROM tallies WHERE id = 'late'");
    await expectGoesOn();
  });

  it('is reported once for an event, however many there are', async () => {
    const afterRow = ({ manager, recorded }: ProjectionContext) => {
      if (recorded.position !== 1n) return;
      for (let n = 0; n < 5; n++) void delay(50).then(() => manager.query('SELECT 1'));
    };
    await system.count('a', 1);
    system.loop('one', { ...fast, meddling: { afterRow } }).start();
    await isReported(1);
    await expectGoesOn();
    expect(reports()).toHaveLength(1);
  });

  it('collects no rows, and is reported', async () => {
    const afterRow = ({ rows, recorded }: ProjectionContext) => {
      if (recorded.position === 1n) void delay(50).then(() => rows(Tally).insert(late));
    };
    await system.count('a', 1);
    system.loop('one', { ...fast, meddling: { afterRow } }).start();
    await isReported(1);
    await expectGoesOn();
  });

  it('fails the event that keeps the rows of an earlier one', async () => {
    let kept: ProjectionContext['rows'] | undefined;
    const afterRow = ({ rows, recorded }: ProjectionContext) => {
      if (recorded.position === 1n) kept = rows;
      else if (recorded.stream.id === 'bad') kept?.(Tally).insert(late);
    };
    await system.count('a', 1);
    system.loop('one', { ...fast, meddling: { afterRow } }).start();
    expect(await system.positions.waitFor('tallies', 1n, 10_000)).toBe(true);
    await system.count('bad', 1);
    await waitUntil(async () => (await system.control.parked('tallies'))[0]?.state === 'parked');
    expect((await system.control.parked('tallies'))[0]?.error).toContain('earlier event');
  });
});

describe('a statement that was sent in time and not awaited', () => {
  let system: TallySystem;
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);

  beforeEach(async () => {
    for (const level of ['warn', 'log', 'error'] as const)
      jest.spyOn(Logger.prototype, level).mockImplementation();
    unhandled.length = 0;
    process.on('unhandledRejection', note);
    system = await startTallies();
  });

  afterEach(async () => {
    process.off('unhandledRejection', note);
    await system.close();
    jest.restoreAllMocks();
  });

  it('is written', async () => {
    const afterRow = ({ manager, recorded }: ProjectionContext) => {
      if (recorded.position === 1n) void manager.query("INSERT INTO tallies VALUES ('x', 1, '')");
    };
    await system.count('a', 1);
    system.loop('one', { ...fast, meddling: { afterRow } }).start();
    expect(await system.positions.waitFor('tallies', 1n, 10_000)).toBe(true);
    expect(Object.keys(await system.tallies()).sort()).toEqual(['a', 'x']);
  });

  it.each<[string, (manager: EntityManager) => unknown]>([
    ['one', (manager) => manager.query('SELECT FROM missing')],
    [
      'the second',
      (manager) => Promise.all([manager.query('SELECT 1'), manager.query('SELECT FROM missing')]),
    ],
    ['two', (manager) => [manager.query('SELECT FROM missing'), manager.query('SELECT FROM missing')]],
  ])('fails its event when it fails, and never ends the process: %s', async (_name, send) => {
    const afterRow = ({ manager, recorded }: ProjectionContext) => {
      if (recorded.stream.id === 'bad') void send(manager);
    };
    for (const stream of ['a', 'bad', 'c']) await system.count(stream, 1);
    system.loop('one', { ...fast, meddling: { afterRow } }).start();
    expect(await system.positions.waitFor('tallies', 3n, 10_000)).toBe(true);
    await waitUntil(async () => (await system.control.parked('tallies'))[0]?.state === 'parked');
    expect((await system.control.parked('tallies'))[0]?.error).toContain('"missing" does not exist');
    expect(Object.keys(await system.tallies()).sort()).toEqual(['a', 'c']);
    await delay(50);
    expect(unhandled).toEqual([]);
  });
});
