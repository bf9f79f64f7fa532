import { Logger } from '@nestjs/common';
import { NotParkedError, type ProjectionContext, StreamNotSetAsideError } from '../../../src/event-sourcing';
import { startTallies, TallySystem } from './tally';
import { waitUntil } from '../../support/wait-until';

const fast = { retryDelayMs: 10, maxRetryDelayMs: 20, maxBackoffMs: 20, maxAttempts: 3 };

describe('an event that fails', () => {
  let system: TallySystem;
  let errors: jest.SpyInstance;

  beforeEach(async () => {
    errors = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    jest.spyOn(Logger.prototype, 'log').mockImplementation();
    system = await startTallies([], { pool: 1 });
  });

  afterEach(async () => {
    await system.close();
    jest.restoreAllMocks();
  });

  const stateOf = async () =>
    (await system.control.parked('tallies')).map(
      ({ position, state, attempts }) => `${position} ${state} ${attempts}`,
    );

  it('is tried again until it succeeds, and has its effect once', async () => {
    let failures = 0;
    const afterRow = () => {
      if (failures++ < 2) throw new Error('no luck yet');
    };
    await system.count('a', 1, 2, 3);
    system.loop('one', { ...fast, meddling: { afterRow } }).start();
    await waitUntil(async () => (await system.tallies()).a?.seen === '1 2 3');
    expect(await system.control.parked('tallies')).toEqual([]);
    expect((await system.subscription()).position).toBe('3');
  });

  it('stops only its own stream: the others go on, and later events of the stream queue behind it', async () => {
    await system.count('good', 1);
    await system.count('bad', 1, 2);
    await system.count('good', 10);
    system.loop('one', { ...fast, meddling: { afterRow: failsOn('bad', 2) } }).start();
    expect(await system.positions.waitFor('tallies', 4n, 10_000)).toBe(true);
    await system.count('bad', 3);
    await system.positions.waitFor('tallies', await system.count('good', 100), 10_000);
    await waitUntil(async () => (await stateOf())[0] === '3 parked 3');
    expect(await system.tallies()).toEqual({
      good: { total: 111, seen: '1 2 3' },
      bad: { total: 1, seen: '1' },
    });
    expect(await stateOf()).toEqual(['3 parked 3', '5 waiting 0']);
  });

  it('keeps its error, its stack and its times', async () => {
    await system.count('bad', 1);
    system.loop('one', { ...fast, meddling: { afterRow: failsOn('bad', 1) } }).start();
    await waitUntil(async () => (await stateOf())[0] === '1 parked 3');
    const [parked] = await system.control.parked('tallies');
    expect(parked).toMatchObject({
      error: 'bad 1 is poison',
      stream: { type: 'Tally', id: 'bad' },
      nextAttemptAt: null,
    });
    expect(parked?.stack).toContain('parking.test');
    expect(parked?.firstFailedAt?.getTime()).toBeLessThanOrEqual(parked?.lastFailedAt?.getTime() ?? 0);
    expect(errors.mock.calls.some(([message]) => String(message).includes('parked'))).toBe(true);
  });

  it('is replayed with its stream, in order, when an operator says so', async () => {
    let isMended = false;
    const fails = failsOn('bad', 1);
    const afterRow = (context: ProjectionContext) => (isMended ? undefined : fails(context));
    await system.count('bad', 1, 2, 3);
    system.loop('one', { ...fast, meddling: { afterRow } }).start();
    await waitUntil(async () => (await stateOf())[0] === '1 parked 3');
    isMended = true;
    await system.control.retry('tallies', 1n);
    await waitUntil(async () => (await system.control.parked('tallies')).length === 0);
    expect(await system.tallies()).toEqual({ bad: { total: 6, seen: '1 2 3' } });
    await system.positions.waitFor('tallies', await system.count('bad', 4), 10_000);
    expect((await system.tallies()).bad).toEqual({ total: 10, seen: '1 2 3 4' });
    expect((await system.fold.compare(system.projections.get('tallies'))).differences).toEqual([]);
  });

  it('is tried again together with all others, or by its stream, and the outcome tells how many', async () => {
    let isMended = false;
    const afterRow = ({ recorded }: ProjectionContext) => {
      if (!isMended && recorded.stream.id !== 'good') throw new Error('poison');
    };
    system.loop('one', { ...fast, meddling: { afterRow } }).start();
    for (const stream of ['b1', 'b2', 'b3', 'b4']) {
      await system.count(stream, 1, 2);
      expect(await system.positions.waitFor('tallies', await system.count('good', 1), 10_000)).toBe(true);
    }
    const isParked = (text: string) => text.includes('parked');
    await waitUntil(async () => (await stateOf()).filter(isParked).length === 4);
    await expect(system.control.retryStream('tallies', { type: 'Tally', id: 'good' })).rejects.toThrow(
      StreamNotSetAsideError,
    );
    isMended = true;
    expect(await system.control.retryStream('tallies', { type: 'Tally', id: 'b2' })).toBe(4n);
    await waitUntil(async () => (await system.tallies()).b2?.seen === '1 2');
    expect((await stateOf()).filter(isParked)).toHaveLength(3);
    expect(await system.control.retryAll('tallies')).toBe(3);
    await waitUntil(async () => (await system.control.parked('tallies')).length === 0);
    expect(await system.control.retryAll('tallies')).toBe(0);
    await expect(system.control.retryAll('unknown')).rejects.toThrow('There is no subscription "unknown"');
    expect((await system.fold.compare(system.projections.get('tallies'))).differences).toEqual([]);
  });

  it('can be discarded with a reason, which is kept; the rest of its stream follows', async () => {
    await system.count('bad', 1, 2, 3, 4);
    system.loop('one', { ...fast, meddling: { afterRow: failsOn('bad', 2) } }).start();
    await waitUntil(async () => (await stateOf())[0] === '2 parked 3');
    await expect(system.control.discard('tallies', 3n, 'only waits')).rejects.toThrow(NotParkedError);
    await system.control.discard('tallies', 2n, 'counted by hand');
    await waitUntil(async () => (await system.control.parked('tallies')).length === 0);
    expect(await system.tallies()).toEqual({ bad: { total: 8, seen: '1 3 4' } });
    const rows = await system.dataSource.query<unknown[]>(
      'SELECT position, reason, actor, error, attempts FROM annals.discarded_events',
    );
    expect(rows).toEqual([
      { position: '2', reason: 'counted by hand', actor: 'system', error: 'bad 2 is poison', attempts: 3 },
    ]);
  });

  it('that never ends is given up after its time, without stopping the others', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const afterRow = ({ recorded }: ProjectionContext) => (recorded.stream.id === 'stuck' ? held : undefined);
    await system.count('stuck', 1);
    await system.count('good', 1);
    system.loop('one', { ...fast, handlerTimeoutMs: 50, meddling: { afterRow } }).start();
    try {
      expect(await system.positions.waitFor('tallies', 2n, 10_000)).toBe(true);
      await waitUntil(async () => (await stateOf())[0] === '1 parked 3');
      expect((await system.control.parked('tallies'))[0]?.error).toContain('within 50 ms');
      expect(await system.tallies()).toEqual({ good: { total: 1, seen: '1' } });
    } finally {
      release();
    }
  });

  it('fails the subscription as a whole, loudly, when too much is set aside', async () => {
    for (const stream of ['b1', 'b2', 'b3', 'good']) await system.count(stream, 1);
    const afterRow = ({ recorded }: ProjectionContext) => {
      if (recorded.stream.id !== 'good') throw new Error('poison');
    };
    const loop = system.loop('one', { ...fast, maxParked: 2, meddling: { afterRow } });
    loop.start();
    await waitUntil(async () => (await system.statuses.all())[0]?.state === 'failed');
    const [status] = await system.statuses.all();
    expect(status).toMatchObject({
      checkpoint: 2n,
      parkedCount: 2,
      failure: expect.stringContaining('set 2 events aside') as string,
    });
    // The loop tells it first to the row, and then counts.
    await waitUntil(() => Promise.resolve(loop.isFailing));
  });

  it('does not stop the others when many events wait behind it: only those that failed count against the limit', async () => {
    const afterRow = ({ recorded }: ProjectionContext) => {
      if (recorded.stream.id === 'hot') throw new Error('poison');
    };
    const loop = system.loop('one', { ...fast, maxParked: 2, meddling: { afterRow } });
    await system.count('hot', 1);
    await system.count('good', 1);
    loop.start();
    for (let n = 0; n < 20; n++) await system.count('hot', 1);
    expect(await system.positions.waitFor('tallies', await system.count('good', 1), 10_000)).toBe(true);
    expect(loop.isFailing).toBe(false);
    expect((await system.tallies()).good?.seen).toBe('1 2');
    expect((await system.statuses.all())[0]?.parkedCount).toBe(21);
  });

  it('is forgotten as the failure of the subscription once another process goes on', async () => {
    await system.count('a', 1);
    system.loop('one').start();
    await system.positions.waitFor('tallies', 1n, 10_000);
    await system.dataSource.query(
      "UPDATE annals.subscriptions SET failure = 'of a process that is gone', owner = NULL, lease_expires_at = NULL, epoch = epoch + 1",
    );
    system.loop('two').start();
    await waitUntil(async () => (await system.statuses.all())[0]?.failure === null);
    await waitUntil(async () => (await system.statuses.all())[0]?.state === 'running');
  });

  it('is not to blame when the database is away: nothing is set aside', async () => {
    let outages = 0;
    const afterRow = async ({ manager }: ProjectionContext) => {
      if (outages++ === 0) await manager.query('SELECT pg_terminate_backend(pg_backend_pid())');
    };
    await system.count('a', 1, 2);
    system.loop('one', { ...fast, meddling: { afterRow } }).start();
    expect(await system.positions.waitFor('tallies', 2n, 10_000)).toBe(true);
    expect(await system.control.parked('tallies')).toEqual([]);
    expect(await system.tallies()).toEqual({ a: { total: 3, seen: '1 2' } });
  });

  it('is found among many by halving: 20 poisoned streams among 2,000 events leave the rest right', async () => {
    const events = Array.from({ length: 100 }, () => ({ type: 'Counted', data: { by: 1 } }));
    for (let n = 0; n < 20; n++) {
      await system.store.appendToStream({ type: 'Tally', id: `s${n}` }, events.slice(0, 99), {
        expectedVersion: 0,
      });
      await system.store.appendToStream({ type: 'Tally', id: `bad${n}` }, events.slice(0, 1), {
        expectedVersion: 0,
      });
    }
    const afterRow = ({ recorded }: ProjectionContext) => {
      if (recorded.stream.id.startsWith('bad')) throw new Error('poison');
    };
    system.loop('one', { ...fast, meddling: { afterRow } }).start();
    expect(await system.positions.waitFor('tallies', 2_000n, 50_000)).toBe(true);
    const tallies = await system.tallies();
    expect(Object.keys(tallies)).toHaveLength(20);
    expect(new Set(Object.values(tallies).map(({ total }) => total))).toEqual(new Set([99]));
    expect(await system.control.parked('tallies', 0n, 1_000)).toHaveLength(20);
  });
});

describe('a subscription', () => {
  let system: TallySystem;

  beforeEach(async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    system = await startTallies([], { pool: 1 });
  });

  afterEach(async () => {
    await system.close();
    jest.restoreAllMocks();
  });

  it('stands still while it is paused, and goes on when it is resumed', async () => {
    system.loop('one').start();
    await system.positions.waitFor('tallies', await system.count('a', 1), 10_000);
    expect(await system.control.pause('tallies')).toBe(true);
    expect(await system.control.pause('tallies')).toBe(false);
    await system.count('a', 1);
    expect(await system.positions.waitFor('tallies', 2n, 500)).toBe(false);
    expect(await system.statuses.all()).toMatchObject([
      { state: 'stopped', paused: true, lagEvents: 1n, owner: null },
    ]);
    expect(await system.control.resume('tallies')).toBe(true);
    expect(await system.positions.waitFor('tallies', 2n, 10_000)).toBe(true);
    await waitUntil(async () => (await system.statuses.all())[0]?.state === 'running');
    expect(await system.statuses.all()).toMatchObject([
      { lagEvents: 0n, lagSeconds: 0, owner: 'one', parkedCount: 0 },
    ]);
  });
});

function failsOn(stream: string, version: number) {
  return ({ recorded }: ProjectionContext): void => {
    if (recorded.stream.id === stream && recorded.version === version)
      throw new Error(`${stream} ${version} is poison`);
  };
}
