import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import { AppendSignal, PostgresEventStore, type RecordedEvent } from '../../src/event-sourcing';
import type { Subscriber } from '../../src/event-sourcing/subscriptions/subscriber';
import { migrate } from '../../src/platform/database/migrate';
import { handlerOf, OneProcess, startProcess } from '../integration/subscriptions/one-process';
import { FixedPortPostgres } from './fixed-port-postgres';
import { until } from './until';

let postgres: FixedPortPostgres;
let one: OneProcess;

beforeAll(async () => {
  for (const level of ['log', 'warn', 'error'] as const)
    jest.spyOn(Logger.prototype, level).mockImplementation();
  postgres = await FixedPortPostgres.create();
  await migrate(postgres.url);
  await ask('CREATE TABLE folded (name text, position bigint, PRIMARY KEY (name, position))');
}, 120_000);

afterAll(async () => {
  await postgres?.remove();
  jest.restoreAllMocks();
}, 60_000);

async function ask<R extends object>(text: string): Promise<readonly R[]> {
  const client = new Client({ connectionString: postgres.url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<R>(text)).rows;
  } finally {
    await client.end();
  }
}

const checkpointOf = async (name: string): Promise<number> => {
  const [row] = await ask<{ position: string }>(
    `SELECT position FROM annals.subscriptions WHERE name = '${name}'`,
  );
  return Number(row?.position ?? -1);
};

const rowsOf = async (name: string): Promise<readonly number[]> => {
  const rows = await ask<{ position: string }>(
    `SELECT position FROM folded WHERE name = '${name}' ORDER BY position`,
  );
  return rows.map(({ position }) => Number(position));
};

function fold(name: string, isFlushed: boolean): Subscriber {
  const handler = handlerOf(name, async ({ position }: RecordedEvent, manager) => {
    await manager.query('INSERT INTO folded VALUES ($1, $2)', [name, position]);
  });
  return { ...handler, isFlushed };
}

/** Long leases, so that no renewal is written meanwhile. */
async function start(subscriber: Subscriber): Promise<void> {
  one = await startProcess(postgres.url, 'one', { leaseSeconds: 600, pollMs: 50 });
  one.run(subscriber);
}

/** By a store that is closed before anything is folded: its notices are commits that wait for the disk. */
async function append(events: number): Promise<number> {
  const store = new PostgresEventStore(
    { connection: { connectionString: postgres.url } },
    new AppendSignal(),
  );
  const event = { type: 'Noted', data: {} };
  for (let n = 0; n < events; n++)
    await store.appendToStream({ type: 'Note', id: 'n' }, [event], { expectedVersion: 'any' });
  const head = await store.head();
  await store.close();
  return Number(head);
}

/** Freezes the process that flushes on behalf of commits that do not wait: from now on, only commits that wait flush. */
async function freezeWalWriter(): Promise<number> {
  const [row] = await ask<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'",
  );
  const pid = row?.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  return pid;
}

async function foldAndCrash(subscriber: Subscriber, position: number): Promise<void> {
  const walWriter = await freezeWalWriter();
  await start(subscriber);
  await until('the fold is there', async () => (await checkpointOf(subscriber.name)) === position);
  await postgres.kill('SIGKILL');
  process.kill(walWriter, 'SIGKILL');
  await one.stop().catch(() => undefined);
  await postgres.start();
}

it.each([
  ['that is not flushed loses rows and checkpoint together, and no event', 'lazy', false],
  ['that is flushed keeps both', 'safe', true],
])(
  'a fold %s in a crash; what is lost is folded again',
  async (_what, name, isFlushed) => {
    const head = await append(5);
    await foldAndCrash(fold(name, isFlushed), head);
    const checkpoint = await checkpointOf(name);
    expect(checkpoint === head).toBe(isFlushed);
    expect(await rowsOf(name)).toEqual(Array.from({ length: checkpoint }, (_, index) => index + 1));
    await ask(`UPDATE annals.subscriptions SET owner = NULL, lease_expires_at = NULL`);
    await start(fold(name, isFlushed));
    expect(Number(await one.store.head())).toBe(head);
    await until('it is folded again', async () => (await checkpointOf(name)) === head);
    expect(await rowsOf(name)).toEqual(Array.from({ length: head }, (_, index) => index + 1));
    await one.stop();
  },
  120_000,
);
