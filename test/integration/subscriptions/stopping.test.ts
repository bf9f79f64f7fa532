import { Logger } from '@nestjs/common';
import { Client, type Pool } from 'pg';
import { waitUntil } from '../../support/wait-until';
import { Meddling, startTallies, TallySystem } from './tally';

const stopWithinMs = 100;

interface Obstacle {
  /** What another session holds, in a transaction that is open. */
  readonly lock: string;
  readonly meddling?: Meddling;
  /** The other session takes it while the event is handled. */
  readonly isLate?: boolean;
  /** The event was set aside before, and is to be tried again now. */
  readonly isRetry?: boolean;
}

const failing = (): never => {
  throw new Error('poison');
};
const rowIsLocked = 'UPDATE tallies SET total = total';

describe('a loop that is to end while it waits', () => {
  let system: TallySystem;
  let other: Client;
  let warnings: jest.SpyInstance<void, unknown[]>;

  beforeEach(async () => {
    for (const level of ['log', 'error'] as const) jest.spyOn(Logger.prototype, level).mockImplementation();
    warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    system = await startTallies();
    other = new Client({ connectionString: system.database.url });
    await other.connect();
    const before = system.loop('before');
    before.start();
    await system.positions.waitFor('tallies', await system.count('a', 1), 20_000);
    await before.stop();
  });

  afterEach(async () => {
    await other.end();
    await system.close();
    jest.restoreAllMocks();
  });

  /** A statement of this database waits for a lock. */
  async function isWaiting(): Promise<boolean> {
    const rows = await system.dataSource.query<unknown[]>(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    return rows.length === 1;
  }

  it.each<[string, Obstacle]>([
    ['a row that it writes', { lock: rowIsLocked }],
    ['rows that it has collected', { lock: rowIsLocked, meddling: { collects: true } }],
    [
      'its checkpoint',
      { lock: "SELECT FROM annals.subscriptions WHERE name = 'tallies' FOR UPDATE", isLate: true },
    ],
    [
      'the table of what is set aside',
      { lock: 'LOCK TABLE annals.parked_events IN SHARE MODE', meddling: { afterRow: failing } },
    ],
    ['what was set aside', { lock: 'LOCK TABLE annals.parked_events IN ACCESS EXCLUSIVE MODE' }],
    ['the log', { lock: 'LOCK TABLE annals.events IN ACCESS EXCLUSIVE MODE' }],
    ['a row that it writes when it tries again', { lock: rowIsLocked, isRetry: true }],
  ])('ends, and another process goes on: %s', async (_what, { lock, meddling, isLate, isRetry }) => {
    if (isRetry) await setAside();
    else await system.count('a', 2);
    const hold = async (): Promise<void> => void (await other.query(`BEGIN; ${lock}`));
    if (!isLate) await hold();
    const loop = system.loop('one', { stopWithinMs, meddling: isLate ? { afterRow: hold } : meddling });
    loop.start();
    await waitUntil(isWaiting);
    await loop.stop();
    expect(warnings.mock.calls.join()).toContain(`did not end what it was doing within ${stopWithinMs} ms`);
    await other.query('ROLLBACK');
    system.loop('two').start();
    await system.positions.waitFor('tallies', await system.count('b', 1), 20_000);
    await waitUntil(async () => (await system.tallies()).a?.seen === '1 2');
    expect((await system.tallies()).a?.total).toBe(3);
  });

  /** As if event 2 had failed, and were due for another try. */
  async function setAside(): Promise<void> {
    const loop = system.loop('sets aside', { retryDelayMs: 1, meddling: { afterRow: failing } });
    loop.start();
    await system.count('a', 2);
    await waitUntil(async () => (await system.control.parked('tallies')).length === 1);
    await loop.stop();
    await system.dataSource.query(
      "UPDATE annals.parked_events SET state = 'retrying', next_attempt_at = clock_timestamp()",
    );
  }

  it('ends though a handler never does', async () => {
    let isCalled = false;
    const afterRow = () => {
      isCalled = true;
      return new Promise<void>(() => undefined);
    };
    const loop = system.loop('one', { stopWithinMs, handlerTimeoutMs: 2_000, meddling: { afterRow } });
    loop.start();
    await system.count('a', 2);
    await waitUntil(() => Promise.resolve(isCalled));
    await loop.stop();
    expect((await system.subscription()).owner).toBeNull();
    system.loop('two').start();
    await waitUntil(async () => (await system.tallies()).a?.seen === '1 2');
  });

  it('leaves no connection in use while the lock lasts, so that the data source can be closed', async () => {
    await system.count('a', 2);
    await other.query(`BEGIN; ${rowIsLocked}`);
    const loop = system.loop('one', { stopWithinMs });
    loop.start();
    await waitUntil(isWaiting);
    await loop.stop();
    const { master: pool } = system.dataSource.driver as unknown as { readonly master: Pool };
    await waitUntil(() => Promise.resolve(pool.idleCount === pool.totalCount));
  });

  it('finishes what takes less time', async () => {
    await system.count('a', 2);
    await other.query(`BEGIN; ${rowIsLocked}`);
    const loop = system.loop('one', { stopWithinMs: 30_000 });
    loop.start();
    await waitUntil(isWaiting);
    const stopped = loop.stop();
    await other.query('ROLLBACK');
    await stopped;
    expect((await system.tallies()).a?.seen).toBe('1 2');
    expect(warnings).not.toHaveBeenCalled();
  });

  it('lets go when it has lost its lease, and takes it again when it can be had', async () => {
    system.loop('one', { stopWithinMs }).start();
    await other.query(`BEGIN; ${rowIsLocked}`);
    await system.count('a', 2);
    await waitUntil(isWaiting);
    const { epoch } = await system.subscription();
    await system.dataSource.query(
      `UPDATE annals.subscriptions SET owner = 'another', epoch = epoch + 1, lease_seconds = 1,
         lease_expires_at = clock_timestamp() + interval '1 second'`,
    );
    await waitUntil(async () => {
      const now = await system.subscription();
      return now.owner === 'one' && BigInt(now.epoch) > BigInt(epoch) + 1n;
    });
    await other.query('ROLLBACK');
    await waitUntil(async () => (await system.tallies()).a?.seen === '1 2');
    expect((await system.tallies()).a?.total).toBe(3);
  });
});
