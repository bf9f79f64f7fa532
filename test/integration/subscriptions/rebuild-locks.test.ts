import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import { RebuildBlockedError } from '../../../src/event-sourcing';
import { segmentsOf } from '../../../src/event-sourcing/projections/projection-segment';
import { Leases } from '../../../src/event-sourcing/subscriptions/checkpoints/leases';
import { waitUntil } from '../../support/wait-until';
import { startTallies, TallySystem } from './tally';

describe('new rows that take over', () => {
  let system: TallySystem;
  let warnings: jest.SpyInstance<void, unknown[]>;
  const clients: Client[] = [];
  const query = Client.prototype.query as (this: Client, ...of: unknown[]) => unknown;

  beforeEach(async () => {
    jest.spyOn(Logger.prototype, 'log').mockImplementation();
    warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    system = await startTallies();
  });

  afterEach(async () => {
    Client.prototype.query = query as typeof Client.prototype.query;
    await Promise.all(clients.splice(0).map((client) => client.end()));
    await system.close();
    jest.restoreAllMocks();
  });

  async function session(name: string, settings = ''): Promise<Client> {
    const client = new Client({ connectionString: system.database.url, application_name: name });
    await client.connect();
    clients.push(client);
    if (settings !== '') await client.query(settings);
    return client;
  }

  /** One whose statements fail when they wait for a lock for more than 100 ms. */
  const impatient = () => session('impatient', "SET lock_timeout = '100ms'");
  const told = (words: string) =>
    warnings.mock.calls.filter((call) => String(call[0]).includes(words)).length;

  it('wait for a long query behind which no reader waits for more than 100 ms, and say which session it is', async () => {
    await system.count('a', 1, 2);
    const { orders, runner } = system.rebuilding('one');
    const long = await session('nightly report', 'BEGIN; SELECT count(*) FROM tallies');
    const [{ pid }] = (await long.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows as [
      { pid: number },
    ];
    const readers = await Promise.all([impatient(), impatient(), impatient()]);
    let isOver = false;
    const reading = readers.map(async (reader) => {
      let reads = 0;
      for (; !isOver; reads++) await reader.query('SELECT count(*) FROM tallies');
      return reads;
    });
    await orders.request('tallies');
    runner.start();
    await waitUntil(() => Promise.resolve(told('in use by') >= 3));
    expect(String(warnings.mock.calls.at(-1)?.[0])).toMatch(
      new RegExp(`in use by .*process ${pid} of the server \\(nightly report, its statement began at 20`),
    );
    expect(String(warnings.mock.calls.at(-1)?.[0])).not.toMatch(/SELECT|count/);
    expect((await system.statuses.all())[0]?.rebuild?.failure).toContain('nightly report');
    isOver = true;
    expect(Math.min(...(await Promise.all(reading)))).toBeGreaterThan(0);
    expect(await orders.all()).toHaveLength(1);
    await long.query('COMMIT');
    await waitUntil(async () => (await orders.all()).length === 0);
    expect(await system.tallies()).toEqual({ a: { total: 3, seen: '1 2' } });
  });

  it('wait for no projection that reads before it writes, of the live rows or of the new ones', async () => {
    const collects = { meddling: { collects: true } };
    let isOver = false;
    const appending = (async () => {
      while (!isOver) await Promise.all([system.count('a', 1), system.count('b', 1)]);
    })();
    const errors = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    system.loop('live', collects).start();
    const { orders, runner } = system.rebuilding('live', collects);
    runner.start();
    for (let round = 0; round < 3; round++) {
      await orders.request('tallies');
      await waitUntil(async () => (await orders.all()).length === 0);
    }
    isOver = true;
    await appending;
    expect(errors.mock.calls.join()).not.toContain('deadlock');
    expect(told('in use by')).toBe(0);
  });

  it('are compared with the old ones at one position while events come in', async () => {
    const collects = { meddling: { collects: true } };
    let isOver = false;
    const appending = (async () => {
      while (!isOver) await Promise.all([system.count('a', 1), system.count('b', 1)]);
    })();
    system.loop('live', collects).start();
    const { orders, runner, swap, projection } = system.rebuilding('live', collects);
    await orders.request('tallies', { isHeld: true });
    runner.start();
    for (let round = 0; round < 3; round++) {
      await waitUntil(async () => {
        const comparison = await swap.compare(projection);
        return (
          comparison?.tables.every(({ onlyLeft, onlyRight }) => onlyLeft.length + onlyRight.length === 0) ??
          false
        );
      });
    }
    isOver = true;
    await appending;
  });

  it('keep what they caught up with when a reader stays in the way', async () => {
    const { orders, swap, projection } = system.rebuilding('one');
    await orders.request('tallies');
    await system.count('a', 1, 2);
    system.loop('live').start();
    await system.positions.waitFor('tallies', 2n, 20_000);
    await session('stays', 'BEGIN; SELECT count(*) FROM tallies');
    await expect(swap.swap(projection)).rejects.toThrow(RebuildBlockedError);
    expect((await system.statuses.all())[0]?.rebuild?.checkpoint).toBe(2n);
    expect((await system.statuses.all())[0]?.checkpoint).toBe(2n);
  });

  it('run the projector while readers read, as far as a second goes, and go on from there', async () => {
    const reader = await impatient();
    let handled = 0;
    const slow = async () => {
      handled++;
      await reader.query('SELECT count(*) FROM tallies');
      await reader.query('SELECT pg_sleep(0.3)');
    };
    system.loop('live').start();
    await system.count('a', ...Array.from({ length: 12 }, () => 1));
    await system.positions.waitFor('tallies', 12n, 20_000);
    const { orders, swap, projection } = system.rebuilding('one', { meddling: { afterRow: slow } });
    await orders.request('tallies');
    expect(await swap.swap(projection)).toBeUndefined();
    expect(handled).toBeGreaterThan(0);
    expect(handled).toBeLessThan(12);
    expect((await system.statuses.all())[0]?.rebuild?.checkpoint).toBe(BigInt(handled));
    let tries = 0;
    for (; (await swap.swap(projection)) === undefined; tries++)
      if (tries > 12) throw new Error('It never ends.');
    expect(handled).toBe(12);
    expect((await system.tallies()).a?.total).toBe(12);
  });

  it('bound the time of an event that hangs, and stay as they were', async () => {
    const reader = await impatient();
    const hangs = async () => {
      await reader.query('SELECT count(*) FROM tallies');
      await new Promise(() => undefined);
    };
    system.loop('live').start();
    await system.count('a', 1);
    await system.positions.waitFor('tallies', 1n, 20_000);
    const options = { meddling: { afterRow: hangs }, handlerTimeoutMs: 300 };
    const { orders, swap, projection } = system.rebuilding('one', options);
    await orders.request('tallies');
    await expect(swap.swap(projection)).rejects.toThrow('did not finish an event within 300 ms');
    expect(await orders.all()).toHaveLength(1);
    const last = await system.count('a', 1);
    expect(await system.positions.waitFor('tallies', last, 20_000)).toBe(true);
    expect((await system.tallies()).a?.total).toBe(2);
  });

  it('are not swapped by two processes, nor behind the back of an operator who gives up or holds', async () => {
    system.loop('live').start();
    await system.count('a', 1);
    await system.positions.waitFor('tallies', 1n, 20_000);
    const { orders, swap, projection } = system.rebuilding('one');
    const other = system.rebuilding('two').swap;
    await orders.request('tallies', { isHeld: true });
    expect(await swap.swap(projection, { unlessHeld: true })).toBeUndefined();
    const both = await Promise.all([swap.swap(projection), other.swap(projection)]);
    expect(both.filter((position) => position !== undefined)).toEqual([1n]);
    await orders.request('tallies');
    const [swapped, cancelled] = await Promise.all([
      swap.swap(projection),
      orders.cancel('tallies').then(
        () => 'given up',
        (error: Error) => error.message,
      ),
    ]);
    expect(swapped === undefined ? cancelled : `${swapped}: ${cancelled}`).toMatch(
      /^(given up|1: Projection "tallies" is not being rebuilt\.)$/,
    );
    expect(await orders.all()).toEqual([]);
    expect((await system.tallies()).a?.total).toBe(1);
    await expect(swap.swap(projection)).resolves.toBeUndefined();
  });

  it('are given up, and dropped, with a sentence while a session reads the tables of the rebuild', async () => {
    const { orders } = system.rebuilding('one');
    await orders.request('tallies');
    const reader = await session('reads new rows', 'BEGIN; SELECT FROM annals_shadow.tallies');
    await expect(orders.cancel('tallies')).rejects.toThrow(
      'Table annals_shadow.tallies cannot be dropped: another session uses it. Try again when that has ended.',
    );
    await reader.query('COMMIT');
    await orders.cancel('tallies');
  });

  it('get nothing from a process that still fills the tables of a rebuild which was given up', async () => {
    const { orders } = system.rebuilding('one');
    const epochs = async () =>
      (
        await system.dataSource.query<{ epoch: string }[]>(
          "SELECT epoch FROM annals.subscriptions WHERE name = 'tallies@next'",
        )
      ).map(({ epoch }) => BigInt(epoch));
    await orders.request('tallies');
    const leases = new Leases(system.dataSource, 'stale', 5);
    const [shadow] = segmentsOf(system.projections.get('tallies'), 'shadow');
    const stale = shadow && (await leases.take(shadow));
    await orders.cancel('tallies');
    await orders.request('tallies');
    expect((await epochs())[0]).toBeGreaterThan(stale?.epoch ?? 0n);
  });

  it.each([
    ['a grant', 'GRANT SELECT ON tallies TO PUBLIC', 'REVOKE SELECT ON tallies FROM PUBLIC'],
    [
      'a grant on a column',
      'GRANT UPDATE (seen) ON tallies TO PUBLIC',
      'REVOKE UPDATE (seen) ON tallies FROM PUBLIC',
    ],
    ['a view', 'CREATE VIEW tall AS SELECT * FROM tallies', 'DROP VIEW tall'],
  ])('do not lose %s that came when they had been compared for the last time', async (_what, text, undo) => {
    await system.count('a', 1);
    const other = await session('hot fix');
    const { orders, swap, projection } = system.rebuilding('one');
    await orders.request('tallies');
    before('ACCESS EXCLUSIVE', () => other.query(text));
    await expect(swap.swap(projection)).rejects.toThrow('has changed since its copy was made');
    expect(await orders.all()).toHaveLength(1);
    await other.query(undo);
    expect(await swap.swap(projection)).toBe(0n);
  });

  it.each(['LOCK TABLE', 'DELETE FROM "annals".subscriptions', 'swap_table', 'COMMIT'])(
    'are all there or not at all when the process dies before its "%s"',
    async (statement) => {
      system.loop('live').start();
      await system.count('a', 1, 2);
      await system.positions.waitFor('tallies', 2n, 20_000);
      const dying = system.rebuilding('dies');
      await dying.orders.request('tallies');
      endBefore(statement);
      await expect(dying.swap.swap(dying.projection)).rejects.toThrow();
      expect(await dying.orders.all()).toHaveLength(1);
      expect((await system.tallies()).a?.total).toBe(3);
      const { runner, orders } = system.rebuilding('lives');
      runner.start();
      await waitUntil(async () => (await orders.all()).length === 0);
      expect((await system.tallies()).a).toEqual({ total: 3, seen: '1 2' });
    },
  );

  /** Does something before the first such statement of any connection is sent. */
  function before(statement: string, act: () => unknown): void {
    onStatement(
      (text) => text.includes(statement),
      async (send) => {
        await act();
        return send();
      },
    );
  }

  /** The server ends the connection before the first such statement of a transaction that has swapped nothing yet. */
  function endBefore(statement: string): void {
    const swapping = new WeakSet<Client>();
    onStatement(
      (text, client) => {
        const isCommit = statement !== 'COMMIT' || swapping.has(client);
        if (text.includes('swap_table')) swapping.add(client);
        return isCommit && text.includes(statement);
      },
      (send, client) => {
        (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
        return send();
      },
    );
  }

  /**
   * Acts in place of the first statement that is meant. Afterwards statements pass: a pool keeps this `query` for the connections
   * that it opens meanwhile, also when it is restored.
   */
  function onStatement(
    isMeant: (text: string, client: Client) => boolean,
    act: (send: () => unknown, client: Client) => unknown,
  ): void {
    let isDone = false;
    Client.prototype.query = function (this: Client, ...of: unknown[]) {
      const send = (): unknown => query.apply(this, of);
      if (isDone || typeof of[0] !== 'string' || !isMeant(of[0], this)) return send();
      isDone = true;
      return act(send, this);
    } as typeof Client.prototype.query;
  }
});
