import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AppendSignal, BoundedPool, PostgresEventStore } from '../../../src/event-sourcing';
import { waitUntil } from '../../support/wait-until';
import { startTallies, TallySystem } from '../subscriptions/tally';
import { startStore, StoreUnderTest } from './postgres-store';

const event = { type: 'Noted', data: {} };

const append = (store: PostgresEventStore) =>
  store.appendToStream({ type: 'Note', id: uuidv7() }, [event], { expectedVersion: 'no-stream' });

const selectListeners = `
  SELECT pid FROM pg_stat_activity
  WHERE datname = current_database() AND query = 'LISTEN annals_appended' AND state = 'idle'`;

describe('a process hears that another has appended', () => {
  let test: StoreUnderTest;
  let others: PostgresEventStore;
  let signal: AppendSignal;

  const listeners = async () => (await test.sql.query<{ pid: number }>(selectListeners)).rows;

  beforeEach(async () => {
    test = await startStore();
    signal = new AppendSignal();
    others = new PostgresEventStore({ connection: { connectionString: test.database.url } }, signal);
    jest.spyOn(Logger.prototype, 'warn').mockImplementation();
  });

  afterEach(async () => {
    await others.close();
    await test.close();
    jest.restoreAllMocks();
  });

  async function listen(): Promise<void> {
    const before = signal.count;
    others.hearOthers();
    await waitUntil(async () => (await listeners()).length === 1 && signal.count > before);
  }

  it('once it listens, and not before', async () => {
    await append(test.store);
    await delay(100);
    expect(signal.count).toBe(0);
    await listen();
    const before = signal.count;
    await append(test.store);
    await waitUntil(() => Promise.resolve(signal.count === before + 1));
  });

  it('and takes its own appends for no one else’s', async () => {
    await listen();
    const before = signal.count;
    await append(others);
    await append(test.store);
    await waitUntil(() => Promise.resolve(signal.count >= before + 2));
    await delay(100);
    expect(signal.count).toBe(before + 2);
  });

  it('in few notices where it appends much, and the last of them is told', async () => {
    await listen();
    const statements = jest.spyOn(BoundedPool.prototype, 'run');
    const told = () =>
      statements.mock.calls.filter(([{ name }]: [{ name: string }]) => name === 'tell-appended').length;
    const before = signal.count;
    for (let n = 0; n < 60; n++) await append(test.store);
    const batches = statements.mock.calls.length - told();
    await waitUntil(() => Promise.resolve(signal.count === before + told()));
    await delay(100);
    expect(batches).toBeGreaterThanOrEqual(60);
    expect(told()).toBeGreaterThan(0);
    expect(told()).toBeLessThan(30);
    expect(signal.count).toBe(before + told());
  });

  it('again, after its connection was lost, and looks for what it missed', async () => {
    await listen();
    const [listener] = await listeners();
    const before = signal.count;
    await test.sql.query('SELECT pg_terminate_backend($1)', [listener?.pid]);
    await waitUntil(async () => (await listeners()).some(({ pid }) => pid !== listener?.pid));
    await waitUntil(() => Promise.resolve(signal.count > before));
    const again = signal.count;
    await append(test.store);
    await waitUntil(() => Promise.resolve(signal.count > again));
  });

  it('until it is closed, which leaves no connection open', async () => {
    await listen();
    await others.close();
    expect(await listeners()).toEqual([]);
    others = new PostgresEventStore({ connection: { connectionString: test.database.url } }, signal);
  });

  it('and the append succeeds where no notice can be sent', async () => {
    await test.sql.query('REVOKE EXECUTE ON FUNCTION pg_notify(text, text) FROM PUBLIC');
    const role = `silent_${uuidv7().slice(-12)}`;
    await test.sql.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`);
    await test.sql.query(`GRANT USAGE ON SCHEMA annals TO ${role}`);
    await test.sql.query(`GRANT ALL ON ALL TABLES IN SCHEMA annals TO ${role}`);
    await test.sql.query(`GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA annals TO ${role}`);
    const url = new URL(test.database.url);
    url.username = role;
    url.password = 'x';
    const silent = new PostgresEventStore({ connection: { connectionString: url.href } }, new AppendSignal());
    await append(silent);
    await append(silent);
    await silent.close();
    await test.sql.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    expect(await test.store.head()).toBe(2n);
  });
});

describe('a subscription that polls once a minute', () => {
  let system: TallySystem;

  beforeEach(async () => {
    jest.spyOn(Logger.prototype, 'log').mockImplementation();
    system = await startTallies();
  });

  afterEach(async () => {
    await system.close();
    jest.restoreAllMocks();
  });

  it('follows the appends of another process at once', async () => {
    system.store.hearOthers();
    system.loop('one', { pollMs: 60_000 }).start();
    const connection = { connectionString: system.database.url };
    const other = new PostgresEventStore({ connection }, new AppendSignal());
    for (let n = 1; n <= 5; n++) {
      const events = [{ type: 'Counted', data: { by: n } }];
      const { position } = await other.appendToStream({ type: 'Tally', id: 'a' }, events, {
        expectedVersion: n - 1,
      });
      expect(await system.positions.waitFor('tallies', position, 10_000)).toBe(true);
    }
    await other.close();
  });
});
