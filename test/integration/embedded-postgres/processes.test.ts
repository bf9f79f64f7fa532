import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import {
  clearAway,
  endsWithin,
  isAlive,
  type Launch,
  launch,
  makeCheckout,
  stop,
  temporaryFolder,
} from './launcher-process';

const checkout = makeCheckout('linked');
const folder = temporaryFolder();
/** It takes 15 seconds, nearly all of them waiting: it runs beside the other tests. */
const unresponsive = killBesideStoppedBackend();

afterAll(clearAway);

describe('when the process that started Postgres ends', () => {
  const dataDir = join(folder, 'ended');

  beforeAll(async () => stop(await launch(checkout, { dataDir })));

  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('%s leaves no Postgres behind', async (signal) => {
    const { node, started } = await launch(checkout, { dataDir });
    const watchdog = parentOf(started?.pid);
    expect(isAlive(started?.pid)).toBe(true);
    node.kill(signal);
    expect(await endsWithin(5_000, started?.pid)).toBe(true);
    expect(await endsWithin(1_000, watchdog)).toBe(true);
  });

  it('a start right after SIGKILL finds every committed row', async () => {
    const killed = await launch(checkout, { dataDir });
    await query(killed, 'CREATE TABLE kept AS SELECT 42 AS answer');
    // A slow watchdog: for a while the server looks as if it were in use.
    const watchdog = parentOf(killed.started?.pid);
    process.kill(watchdog, 'SIGSTOP');
    setTimeout(() => process.kill(watchdog, 'SIGCONT'), 1_000);
    killed.node.kill('SIGKILL');
    const next = await launch(checkout, { dataDir });
    expect(next.failed).toBeUndefined();
    expect(isAlive(killed.started?.pid)).toBe(false);
    expect(await query(next, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await stop(next);
  });

  it('a signal for the whole terminal does not reach Postgres while the application goes on', async () => {
    const launched = await launch(checkout, { dataDir });
    const heard = new Promise((resolve) => launched.node.once('message', resolve));
    // The program handles SIGHUP and goes on, as an application that drains does.
    process.kill(-(launched.node.pid ?? NaN), 'SIGHUP');
    expect(await heard).toBe('hung up');
    await sleep(300);
    expect(await query(launched, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await stop(launched);
  });

  it('nothing keeps a process going that has no more to do and never called stop()', async () => {
    const { node, started } = await launch(checkout, { dataDir });
    node.disconnect();
    expect(await endsWithin(5_000, node.pid)).toBe(true);
    expect(await endsWithin(5_000, started?.pid)).toBe(true);
  });
});

describe('two starts on one data directory', () => {
  it('the second is told who holds it, and the first goes on unharmed', async () => {
    const dataDir = join(folder, "held by another's");
    const first = await launch(checkout, { dataDir });
    await query(first, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const second = await launch(checkout, { dataDir });
    expectRefusal(second, first);
    expect(await query(first, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await stop(first);
    const third = await launch(checkout, { dataDir });
    expect(await query(third, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await stop(third);
  });

  it('of two first starts at the same moment one wins and the other is told', async () => {
    const dataDir = join(folder, 'first');
    const both = await Promise.all([launch(checkout, { dataDir }), launch(checkout, { dataDir })]);
    const [winner, loser] = both[0].started ? both : [both[1], both[0]];
    expectRefusal(loser, winner);
    expect(await query(winner, 'SELECT current_database() AS name')).toEqual([{ name: 'annals' }]);
    await stop(winner);
  });
});

describe('a backend that does not answer', () => {
  it('delays the end by seconds only, and the next start waits for it', async () => {
    const { killed, next } = await unresponsive;
    expect(next.failed).toBeUndefined();
    expect(isAlive(killed.started?.pid)).toBe(false);
    await stop(next);
  });

  it('leaves no process behind, and neither does anything above', () => {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    expect(pids.filter((pid) => commandLine(pid).includes(folder))).toEqual([]);
  });
});

async function killBesideStoppedBackend(): Promise<{ killed: Launch; next: Launch }> {
  const dataDir = join(folder, 'unresponsive');
  const killed = await launch(checkout, { dataDir });
  const client = await connected(killed);
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  process.kill(rows[0]?.pid ?? NaN, 'SIGSTOP');
  killed.node.kill('SIGKILL');
  return { killed, next: await launch(checkout, { dataDir }) };
}

function expectRefusal(refused: Launch, holder: Launch): void {
  expect(refused.started).toBeUndefined();
  expect(refused.failed).toMatch(/^EmbeddedPostgresError: Another Postgres /);
  expect(refused.failed).toContain(`pid ${holder.started?.pid}`);
  expect(refused.failed).toMatch(/Stop the application[^]*DATA_DIR/);
}

async function query(launched: Launch, sql: string): Promise<unknown[]> {
  const client = await connected(launched);
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

/** A client that survives the end of its server. */
async function connected({ started }: Launch): Promise<Client> {
  const client = new Client({ connectionString: started?.url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function parentOf(pid?: number): number {
  return Number(/PPid:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
