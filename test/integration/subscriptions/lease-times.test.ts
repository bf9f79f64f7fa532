import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { FairShare } from '../../../src/event-sourcing/subscriptions/delivery/fair-share';
import { Lease, LeaseLostError } from '../../../src/event-sourcing/subscriptions/checkpoints/leases';
import { Subscriber } from '../../../src/event-sourcing/subscriptions/subscriber';
import { waitUntil } from '../../support/wait-until';
import { handlerOf, OneProcess, ProcessOptions, startProcess } from './one-process';
import { startTallies, TallySystem } from './tally';

let system: TallySystem;
let processes: OneProcess[];

beforeEach(async () => {
  for (const level of ['log', 'warn', 'error'] as const)
    jest.spyOn(Logger.prototype, level).mockImplementation();
  system = await startTallies();
  processes = [];
});

afterEach(async () => {
  await Promise.all(processes.map((process) => process.stop()));
  await system.close();
  jest.restoreAllMocks();
});

async function start(owner: string, options?: ProcessOptions): Promise<OneProcess> {
  const process = await startProcess(system.database.url, owner, options);
  processes.push(process);
  return process;
}

const idle = (name: string): Subscriber => handlerOf(name, () => undefined);

async function take({ leases }: OneProcess, subscriber = idle('h')): Promise<Lease> {
  const lease = await leases.take(subscriber);
  if (!lease) throw new Error('The lease is not to be had.');
  return lease;
}

async function secondsLeft(): Promise<number> {
  const [row] = await system.dataSource.query<{ left: string }[]>(
    'SELECT EXTRACT(EPOCH FROM lease_expires_at - clock_timestamp()) AS left FROM annals.subscriptions',
  );
  return Number(row?.left);
}

const stamp = (by: string): Promise<unknown> =>
  system.dataSource.query(
    'UPDATE annals.subscriptions SET lease_expires_at = clock_timestamp() + $1::interval',
    [by],
  );

describe('the renewals of a process', () => {
  it('do not wait for handlers that use up the pool: each side effect happens once', async () => {
    const done: string[] = [];
    for (const owner of ['one', 'two']) {
      const process = await start(owner, { poolSize: 3 });
      for (const name of ['a', 'b', 'c', 'd', 'e'])
        process.run(
          handlerOf(name, async () => {
            done.push(name);
            await delay(2_500);
          }),
        );
    }
    await system.count('s', 1);
    await waitUntil(async () => {
      const [row] = await system.dataSource.query<{ all: boolean }[]>(
        'SELECT count(*) FILTER (WHERE position = 1) = 5 AS all FROM annals.subscriptions',
      );
      return row?.all === true;
    });
    expect(done.sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('go on with another connection when theirs is lost, or does not answer', async () => {
    const process = await start('one');
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    process.run(handlerOf('h', () => finished));
    await system.count('s', 1);
    const pids = async (): Promise<number[]> => {
      const rows = await system.dataSource.query<{ pid: number }[]>(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'annals leases' AND datname = current_database()",
      );
      return rows.map(({ pid }) => pid);
    };
    await waitUntil(async () => (await pids()).length === 1);
    const [pid] = await pids();
    await system.dataSource.query('SELECT pg_terminate_backend($1)', [pid]);
    await waitUntil(async () => (await pids()).some((other) => other !== pid) && (await secondsLeft()) > 0.5);
    finish();
    await waitUntil(async () => (await system.positions.position('h')) === 1n);
    const [row] = await system.dataSource.query<{ epoch: string }[]>(
      'SELECT epoch FROM annals.subscriptions',
    );
    expect(row?.epoch).toBe('1');
  });

  it('are one statement for all its leases, and so are the questions of a process in reserve', async () => {
    const names = Array.from({ length: 100 }, (_, n) => `h${n}`);
    const owner = await start('owner', { leaseSeconds: 1 });
    names.forEach((name) => owner.run(idle(name)));
    const owned = async (): Promise<number> => {
      const [row] = await system.dataSource.query<{ count: number }[]>(
        "SELECT count(*)::integer AS count FROM annals.subscriptions WHERE owner = 'owner'",
      );
      return row?.count ?? 0;
    };
    await waitUntil(async () => (await owned()) === 100);
    const reserve = await start('reserve', { leaseSeconds: 1 });
    names.forEach((name) => reserve.run(idle(name)));
    const beginsWith = (text: string, { statements }: OneProcess): number =>
      statements.filter((statement) => statement.startsWith(text)).length;
    // Until each loop has asked what it has set aside, and the connections are open.
    await waitUntil(() =>
      Promise.resolve(beginsWith('WITH kept', owner) >= 2 && beginsWith('WITH', reserve) >= 5),
    );
    const before = [owner.statements.length, reserve.statements.length];
    const reads = jest.spyOn(owner.store, 'readAll');
    await waitUntil(() => Promise.resolve(reserve.statements.length >= (before[1] ?? 0) + 20));
    await waitUntil(() => Promise.resolve(owner.statements.length >= (before[0] ?? 0) + 3));
    expect(new Set(owner.statements.slice(before[0]))).toEqual(
      new Set([expect.stringMatching(/^WITH kept.* \(100 at once\)$/s)]),
    );
    expect(new Set(reserve.statements.slice(before[1]))).toEqual(
      new Set([expect.stringMatching(/^WITH wanted.* \(100 at once\)$/s)]),
    );
    expect(owner.statements.length - (before[0] ?? 0)).toBeLessThan(
      reserve.statements.length - (before[1] ?? 0),
    );
    // Two a poll, where each handler for itself would read a hundred times.
    expect(reads.mock.calls.length).toBeLessThan(5 * (reserve.statements.length - (before[1] ?? 0)));
    expect(await owned()).toBe(100);
  });

  it('name the owner: one that comes after the release changes nothing', async () => {
    const process = await start('one');
    const lease = await take(process);
    await process.leases.release(lease);
    await expect(process.leases.renew(lease)).rejects.toBeInstanceOf(LeaseLostError);
    const rows = await system.dataSource.query<unknown[]>(
      'SELECT owner, lease_expires_at FROM annals.subscriptions',
    );
    expect(rows).toEqual([{ owner: null, lease_expires_at: null }]);
  });

  it('pass over a row that somebody holds locked, and still renew the others', async () => {
    const process = await start('one', { leaseSeconds: 60 });
    const lease = await take(process);
    const other = await take(process, idle('other'));
    await stamp('1 second');
    await system.dataSource.transaction(async (manager) => {
      await manager.query("SELECT FROM annals.subscriptions WHERE name = 'h' FOR UPDATE");
      await process.leases.renew(lease);
      await process.leases.renew(other);
    });
    const rows = await system.dataSource.query<{ name: string }[]>(
      "SELECT name FROM annals.subscriptions WHERE lease_expires_at > clock_timestamp() + interval '30 seconds'",
    );
    expect(rows).toEqual([{ name: 'other' }]);
  });
});

describe('a lease', () => {
  it.each([
    ['its checkpoint moves', 'move'],
    ['an event that was set aside is tried again', 'hold'],
  ])('is prolonged when %s', async (_when, how) => {
    await system.count('s', 1);
    const process = await start('one', { leaseSeconds: 60 });
    const { leases, dataSource, store } = process;
    const lease = await take(process);
    await stamp('1 second');
    const events = await store.readAll({ after: 0n });
    await dataSource.transaction((manager) =>
      how === 'move' ? leases.moveCheckpoint(manager, lease, 0n, events) : leases.hold(manager, lease),
    );
    expect(await secondsLeft()).toBeGreaterThan(30);
  });

  it.each(['1 hour', '-1 hour', '1 day', '130 seconds'])(
    'is free when the clock of another server has stamped it: %s',
    async (by) => {
      const gone = await start('gone', { leaseSeconds: 60 });
      await take(gone);
      await stamp(by);
      const [status] = await system.dataSource.query<unknown[]>('SELECT owner FROM annals.subscriptions');
      expect(status).toEqual({ owner: 'gone' });
      const fresh = await start('fresh', { leaseSeconds: 1 });
      expect((await take(fresh)).epoch).toBe(2n);
    },
  );

  it('is not free for a process with shorter leases, nor for one whose clock was put right by a moment', async () => {
    const owner = await start('owner', { leaseSeconds: 60 });
    await take(owner);
    const other = await start('other', { leaseSeconds: 1 });
    expect(await other.leases.take(idle('h'))).toBeUndefined();
    await stamp('65 seconds');
    expect(await other.leases.take(idle('h'))).toBeUndefined();
  });

  it('is not said to have an owner when another clock has stamped it', async () => {
    const run = system.loop('one');
    run.start();
    await system.positions.waitFor('tallies', await system.count('a', 1), 10_000);
    await run.stop();
    await system.dataSource.query(
      "UPDATE annals.subscriptions SET owner = 'gone', lease_expires_at = clock_timestamp() + interval '1 hour'",
    );
    const [status] = await system.statuses.all();
    expect(status).toMatchObject({ owner: null, state: 'stopped' });
  });
});

describe('the processes that share segments', () => {
  it.each(['1 hour', '-10 minutes', '1 day'])(
    'do not count one whose membership another clock has stamped: %s',
    async (by) => {
      const { leases } = await start('one');
      const share = new FairShare(leases.connection, 'h', 'one', 4, 1);
      await system.dataSource.query(
        "INSERT INTO annals.subscription_members (subscription, owner, expires_at) VALUES ('h', 'gone', clock_timestamp() + $1::interval)",
        [by],
      );
      await share.refresh(true);
      expect([1, 2, 3, 4, 5].map(() => share.reserve() !== undefined)).toEqual([
        true,
        true,
        true,
        true,
        false,
      ]);
    },
  );

  it('count one that is there, and one that has left no more', async () => {
    const { leases } = await start('one');
    const shares = ['one', 'two'].map((owner) => new FairShare(leases.connection, 'h', owner, 4, 5));
    for (const share of [...shares, ...shares]) await share.refresh(true);
    expect(
      shares.map((share) => [share.reserve(), share.reserve(), share.reserve()].filter(Boolean).length),
    ).toEqual([2, 2]);
    await shares[1]?.refresh(false);
    await shares[0]?.refresh(true);
    expect(shares[0]?.reserve()).toBeDefined();
  });
});

describe('an event that is to be tried again', () => {
  it('does not wait for the clock of another server', async () => {
    let isMended = false;
    const afterRow = () => {
      if (!isMended) throw new Error('not yet');
    };
    system.loop('one', { meddling: { afterRow }, retryDelayMs: 2_000, maxRetryDelayMs: 2_000 }).start();
    await system.count('a', 1);
    await waitUntil(async () => (await system.control.parked('tallies'))[0]?.state === 'retrying');
    isMended = true;
    await system.dataSource.query(
      "UPDATE annals.parked_events SET next_attempt_at = clock_timestamp() + interval '1 hour'",
    );
    await waitUntil(async () => (await system.control.parked('tallies')).length === 0);
    expect(await system.tallies()).toEqual({ a: { total: 1, seen: '1' } });
  });
});
