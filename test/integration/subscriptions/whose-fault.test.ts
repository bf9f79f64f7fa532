import { createServer } from 'node:net';
import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import type { EntityManager } from 'typeorm';
import { EventStoreClosedError, type ProjectionContext } from '../../../src/event-sourcing';
import { waitUntil } from '../../support/wait-until';
import { startTallies, Tally, TallySystem } from './tally';

const fast = { retryDelayMs: 10, maxRetryDelayMs: 20, maxBackoffMs: 20, maxAttempts: 3 };

/** A port of this machine where nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

/** As a function of an application raises it. */
const raise = (code: string) => (manager: EntityManager) =>
  manager.query(`DO $$ BEGIN RAISE EXCEPTION 'raised' USING ERRCODE = '${code}'; END $$`);

const ownTimeout = async (manager: EntityManager) => {
  await manager.query('SET LOCAL statement_timeout = 20');
  await manager.query('SELECT pg_sleep(5)');
};

const fetches = async () => void (await fetch(`http://127.0.0.1:${await closedPort()}/hook`));

const anotherDatabase = async () => {
  const client = new Client({ host: '127.0.0.1', port: await closedPort() });
  client.on('error', () => undefined);
  await client.connect();
};

const withCode = (code: string) => () => {
  throw Object.assign(new Error('no route'), { code });
};

const swallowed = async (manager: EntityManager) => {
  await manager.query('SELECT 1 / 0').catch(() => undefined);
};

const nestedAndOpen = async (manager: EntityManager) => {
  void manager.transaction(() => new Promise(() => undefined));
  await manager.query('SELECT 1');
};

const ends = (manager: EntityManager) => manager.query('SELECT pg_terminate_backend(pg_backend_pid())');

describe('an event whose handling fails, whatever the error looks like,', () => {
  let system: TallySystem;

  beforeEach(async () => {
    for (const level of ['error', 'warn', 'log'] as const)
      jest.spyOn(Logger.prototype, level).mockImplementation();
    system = await startTallies();
  });

  afterEach(async () => {
    await system.close();
    jest.restoreAllMocks();
  });

  const failsWith = (work: (manager: EntityManager) => unknown) => ({
    afterRow: async ({ manager, recorded }: ProjectionContext) => {
      if (recorded.stream.id === 'bad') await work(manager);
    },
  });

  it.each<[string, (manager: EntityManager) => unknown, string]>([
    ['55000 of a function of the server', (m) => m.query("SELECT currval('unused')"), 'database'],
    ['57014 of its own time limit', ownTimeout, 'timeout'],
    ['55P03', raise('55P03'), 'timeout'],
    ['08001', raise('08001'), 'server'],
    ['08006', raise('08006'), 'server'],
    ['57P01', raise('57P01'), 'server'],
    ['57P03', raise('57P03'), 'server'],
    ['40001', raise('40001'), 'database'],
    ['40P01', raise('40P01'), 'database'],
    ['25006', raise('25006'), 'server'],
    ['26000', raise('26000'), 'server'],
    ['53100', raise('53100'), 'server'],
    ['53300', raise('53300'), 'server'],
    ['58030', raise('58030'), 'server'],
    ['XX001', raise('XX001'), 'server'],
    ['3D000', raise('3D000'), 'server'],
    ['42P01', (m) => m.query('SELECT FROM missing'), 'schema'],
    ['22P02', (m) => m.query("SELECT 'x'::integer"), 'data'],
    ['23505', (m) => m.query("INSERT INTO tallies VALUES ('bad', 1, '1')"), 'data'],
    ['a web hook that refuses connections', fetches, 'network'],
    ['another database that is away', anotherDatabase, 'network'],
    ['ECONNRESET', withCode('ECONNRESET'), 'network'],
    ['EPIPE', withCode('EPIPE'), 'network'],
    ['ENOTFOUND', withCode('ENOTFOUND'), 'network'],
    ['the words of the driver', () => Promise.reject(new Error('Connection terminated')), 'server'],
    ['an SQL error that was swallowed', swallowed, 'database'],
    ['a nested transaction that was left open', nestedAndOpen, 'handler'],
    ['a session that ends each time', ends, 'server'],
    ['an error of its own', () => Promise.reject(new Error('no luck')), 'handler'],
  ])('is set aside, and the others go on: %s', async (_name, work, category) => {
    await system.dataSource.query('CREATE SEQUENCE unused');
    await system.count('bad', 1, 2);
    for (const stream of ['a', 'b', 'c']) await system.count(stream, 1);
    system.loop('one', { ...fast, meddling: failsWith(work) }).start();
    expect(await system.positions.waitFor('tallies', 5n, 20_000)).toBe(true);
    expect(Object.keys(await system.tallies()).sort()).toEqual(['a', 'b', 'c']);
    await waitUntil(async () => (await system.control.parked('tallies'))[0]?.state === 'parked');
    expect((await system.control.parked('tallies'))[0]).toMatchObject({ position: 1n, category });
    await waitUntil(async () => (await system.statuses.all())[0]?.state === 'running');
    await system.control.discard('tallies', 1n, 'of no use');
  });

  it.each<[string, (manager: EntityManager) => Promise<unknown>]>([
    ['query', (manager) => manager.query('SELECT 1')],
    ['insert', (manager) => manager.insert(Tally, { id: 'late', total: 1, seen: '' })],
    ['save', (manager) => manager.save(Tally, { id: 'late', total: 1, seen: '' })],
    ['findOneBy', (manager) => manager.findOneBy(Tally, { id: 'a' })],
    ['builder', (manager) => manager.createQueryBuilder(Tally, 't').getMany()],
    ['transaction', (manager) => manager.transaction(() => Promise.resolve())],
  ])('is set aside when it uses the manager of an earlier event: %s', async (_name, use) => {
    let kept: EntityManager | undefined;
    const afterRow = async ({ manager, recorded }: ProjectionContext) => {
      if (recorded.stream.id === 'a') kept = manager;
      if (recorded.stream.id === 'bad' && kept) await use(kept);
    };
    const last = await system.count('a', 1);
    system.loop('one', { ...fast, meddling: { afterRow } }).start();
    expect(await system.positions.waitFor('tallies', last, 10_000)).toBe(true);
    await system.count('bad', 1);
    expect(await system.positions.waitFor('tallies', await system.count('c', 1), 10_000)).toBe(true);
    await waitUntil(async () => (await system.control.parked('tallies'))[0]?.state === 'parked');
    expect(Object.keys(await system.tallies()).sort()).toEqual(['a', 'c']);
  });

  it.each<[string, (manager: EntityManager) => Promise<unknown>]>([
    ['query', (manager) => manager.query('SELECT 1')],
    ['insert', (manager) => manager.insert(Tally, { id: 'x', total: 1, seen: '' })],
    ['save', (manager) => manager.save(Tally, { id: 'x', total: 1, seen: '' })],
    ['findOneBy', (manager) => manager.findOneBy(Tally, { id: 'a' })],
    ['builder', (manager) => manager.createQueryBuilder(Tally, 't').getMany()],
    ['transaction', (manager) => manager.transaction(() => Promise.resolve())],
    ['nothing more', () => Promise.resolve()],
  ])('is not to blame for a connection that was lost between two statements: %s', async (_name, next) => {
    let losses = 0;
    const afterRow = async ({ manager, recorded }: ProjectionContext) => {
      if (recorded.stream.id !== 'a' || losses++ > 0) return;
      const [row] = await manager.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
      const other = new Client({ connectionString: system.database.url });
      await other.connect();
      await other.query('SELECT pg_terminate_backend($1, 5000)', [row?.pid]);
      await other.end();
      await new Promise((resolve) => setTimeout(resolve, 50));
      await next(manager);
    };
    await system.count('a', 1);
    system.loop('one', { ...fast, meddling: { afterRow } }).start();
    expect(await system.positions.waitFor('tallies', 1n, 10_000)).toBe(true);
    expect(losses).toBeGreaterThan(0);
    expect(await system.tallies()).toEqual({ a: { total: 1, seen: '1' } });
    const failures = await system.dataSource.query<unknown[]>('SELECT FROM annals.parked_events');
    expect(failures).toEqual([]);
    expect(jest.mocked(Logger.prototype.error).mock.calls.join()).not.toContain('(try 1');
  });

  it('is not to blame when the store is closed because the process stops', async () => {
    let isClosed = true;
    const afterRow = () => {
      if (isClosed) throw new EventStoreClosedError();
    };
    await system.count('a', 1);
    const loop = system.loop('one', { ...fast, meddling: { afterRow } });
    loop.start();
    await waitUntil(async () => (await system.statuses.all())[0]?.state === 'failed');
    expect(await system.control.parked('tallies')).toEqual([]);
    isClosed = false;
    expect(await system.positions.waitFor('tallies', 1n, 10_000)).toBe(true);
  });
});

describe('a subscription whose database takes no writes', () => {
  it('waits as a whole, sets nothing aside, and goes on by itself', async () => {
    for (const level of ['error', 'warn', 'log'] as const)
      jest.spyOn(Logger.prototype, level).mockImplementation();
    const system = await startTallies();
    const admin = new Client({ connectionString: system.database.url });
    await admin.connect();
    const name = new URL(system.database.url).pathname.slice(1);
    let isReadOnly = false;
    const afterRow = async ({ manager }: ProjectionContext) => {
      if (isReadOnly) return;
      isReadOnly = true;
      await admin.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
      await manager.query('SELECT pg_terminate_backend(pg_backend_pid())');
    };
    try {
      for (const stream of ['a', 'b', 'c', 'd', 'e']) await system.count(stream, 1);
      const loop = system.loop('one', { ...fast, meddling: { afterRow } });
      loop.start();
      await waitUntil(() => Promise.resolve(loop.isFailing));
      expect(await system.control.parked('tallies')).toEqual([]);
      expect(jest.mocked(Logger.prototype.error).mock.calls.join()).not.toContain('(try 1');
      await admin.query(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
      // What a pool does with them that knows the error; the one of this test does not.
      await admin.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      );
      // The pool of the test may not have noticed yet that its idle connection is gone.
      await waitUntil(async () => (await system.positions.position('tallies').catch(() => 0n)) === 5n);
      expect(await system.control.parked('tallies')).toEqual([]);
    } finally {
      await admin.end();
      await system.close();
      jest.restoreAllMocks();
    }
  });
});
