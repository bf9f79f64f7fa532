import { Logger } from '@nestjs/common';
import { CheckpointCheck, ProjectionFold } from '../../../src/event-sourcing';
import { segmentOf } from '../../../src/event-sourcing/subscriptions/checkpoints/segment-of';
import { waitUntil } from '../../support/wait-until';
import { startTallies, TallySystem } from './tally';

describe('a projection in four segments', () => {
  let system: TallySystem;

  beforeEach(async () => {
    jest.spyOn(Logger.prototype, 'log').mockImplementation();
    jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    system = await startTallies([], { held: 1 });
  });

  afterEach(async () => {
    await system.close();
    jest.restoreAllMocks();
  });

  const four = { segments: 4, leaseSeconds: 1 };

  async function owners(): Promise<Record<string, number>> {
    const rows = await system.dataSource.query<{ owner: string | null }[]>(
      "SELECT owner FROM annals.subscriptions WHERE name = 'tallies' AND lease_expires_at > clock_timestamp() ORDER BY owner",
    );
    const counts: Record<string, number> = {};
    for (const { owner } of rows) if (owner !== null) counts[owner] = (counts[owner] ?? 0) + 1;
    return counts;
  }

  const becomes = (wanted: Record<string, number>) =>
    waitUntil(async () => JSON.stringify(await owners()) === JSON.stringify(wanted));

  async function expectFold(): Promise<void> {
    const { projection } = system.rebuilding('judge', four);
    const fold = await new ProjectionFold(system.dataSource, system.store).compare(projection);
    expect(fold.differences).toEqual([]);
    const proofs = await new CheckpointCheck(system.dataSource).run();
    expect(proofs.map(({ segment, sawEvery }) => ({ segment, sawEvery }))).toEqual(
      [0, 1, 2, 3].map((segment) => ({ segment, sawEvery: true })),
    );
  }

  it('divides the streams, and every segment sees all of its own', async () => {
    system.loop('one', four).start();
    let last = 0n;
    for (let n = 0; n < 40; n++) last = await system.count(`s${n % 20}`, n);
    expect(await system.positions.waitFor('tallies', last, 20_000)).toBe(true);
    const segments = new Set(
      Array.from({ length: 20 }, (_, n) => segmentOf({ type: 'Tally', id: `s${n}` }, 4)),
    );
    expect([...segments].sort()).toEqual([0, 1, 2, 3]);
    expect(Object.keys(await system.tallies())).toHaveLength(20);
    await expectFold();
  });

  it('reads the log together: not once for each segment', async () => {
    const pages = jest.spyOn(system.store, 'readAll');
    const events = Array.from({ length: 1_000 }, () => ({ type: 'Ignored', data: {} }));
    for (const id of ['a', 'b', 'c', 'd'])
      await system.store.appendToStream({ type: 'Tally', id }, events, { expectedVersion: 'no-stream' });
    system.loop('one', { ...four, batchSize: 100 }).start();
    expect(await system.positions.waitFor('tallies', 4_000n, 20_000)).toBe(true);
    const read = await Promise.all(
      pages.mock.results.map(({ value }) => value as Promise<readonly unknown[]>),
    );
    const count = read.reduce((sum, page) => sum + page.length, 0);
    expect(count).toBeGreaterThanOrEqual(4_000);
    expect(count).toBeLessThan(16_000);
    await expectFold();
  });

  it('is spread evenly, anew whenever a process comes or goes', async () => {
    const one = system.loop('one', four);
    one.start();
    await becomes({ one: 4 });
    const two = system.loop('two', four);
    two.start();
    await becomes({ one: 2, two: 2 });
    system.loop('three', four).start();
    await waitUntil(
      async () =>
        Object.values(await owners())
          .sort()
          .join() === '1,1,2',
    );
    await one.stop();
    await waitUntil(
      async () =>
        Object.values(await owners())
          .sort()
          .join() === '2,2',
    );
    await two.stop();
    await becomes({ three: 4 });
    const last = await system.count('a', 1);
    expect(await system.positions.waitFor('tallies', last, 10_000)).toBe(true);
    await expectFold();
  });

  it('leaves its segments to the others where one process keeps failing', async () => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation();
    // As if this process could not reach what it needs.
    const afterRow = () => Promise.reject(Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' }));
    const broken = system.loop('broken', { ...four, maxBackoffMs: 100, meddling: { afterRow } });
    const streams = Array.from({ length: 20 }, (_, n) => `s${n}`);
    let last = 0n;
    for (const stream of streams) last = await system.count(stream, 1);
    broken.start();
    await waitUntil(() => Promise.resolve(broken.isFailing));
    system.loop('able', four).start();
    expect(await system.positions.waitFor('tallies', last, 30_000)).toBe(true);
    await expectFold();
  });

  it('is as far as its slowest segment', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const afterRow = async ({ recorded }: { recorded: { stream: { id: string } } }) => {
      if (recorded.stream.id === 'slow') await held;
    };
    system.loop('one', { ...four, meddling: { afterRow } }).start();
    const first = await system.count('slow', 1);
    const others = ['a', 'b', 'c', 'd', 'e'].filter(
      (id) => segmentOf({ type: 'Tally', id }, 4) !== segmentOf({ type: 'Tally', id: 'slow' }, 4),
    );
    let last = first;
    for (const id of others) last = await system.count(id, 1);
    await waitUntil(async () => {
      const [status] = await system.statuses.all();
      return status?.segments.filter(({ checkpoint }) => checkpoint === last).length === 3;
    });
    expect(Object.keys(await system.tallies())).toHaveLength(others.length);
    expect(await system.positions.position('tallies')).toBe(first - 1n);
    const [status] = await system.statuses.all();
    expect(status).toMatchObject({ checkpoint: first - 1n, lagEvents: last - first + 1n });
    release();
    expect(await system.positions.waitFor('tallies', last, 10_000)).toBe(true);
  });

  it('sets a poisoned stream aside in its own segment, and goes on with it when it is mended', async () => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation();
    let isMended = false;
    const afterRow = ({ recorded }: { recorded: { stream: { id: string } } }) => {
      if (recorded.stream.id === 'bad' && !isMended) throw new Error('poison');
    };
    system.loop('one', { ...four, retryDelayMs: 10, maxRetryDelayMs: 20, meddling: { afterRow } }).start();
    await system.count('bad', 1, 2, 3);
    const last = await system.count('good', 1);
    expect(await system.positions.waitFor('tallies', last, 10_000)).toBe(true);
    await waitUntil(async () => (await system.control.parked('tallies'))[0]?.state === 'parked');
    expect(await system.tallies()).toEqual({ good: { total: 1, seen: '1' } });
    isMended = true;
    await system.control.retry('tallies', 1n);
    await waitUntil(async () => (await system.control.parked('tallies')).length === 0);
    expect((await system.tallies()).bad).toEqual({ total: 6, seen: '1 2 3' });
    await expectFold();
  });
});

describe('the segment of a stream', () => {
  it('stays what it is: stored checkpoints rely on it', () => {
    const of = (id: string) => segmentOf({ type: 'User', id }, 8);
    expect(['a', 'b', 'ß', '018f4d3a-0000-7000-8000-000000000000'].map(of)).toMatchInlineSnapshot(`
      [
        2,
        7,
        0,
        1,
      ]
    `);
  });

  it('is about as often one as another', () => {
    const counts = Array.from({ length: 8 }, () => 0);
    for (let n = 0; n < 8_000; n++) {
      const index = segmentOf({ type: 'User', id: `user-${n}` }, 8);
      counts[index] = (counts[index] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
  });
});
