import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { startEmbeddedPostgres } from '../../../src/platform/embedded-postgres/embedded-postgres';
import { benchConnection, ServerTime } from '../http/processor-time';
import { machine } from '../report';
import { writeBetween } from '../write-between';
import type { FanOutReport } from './fan-out-process';

/*
 * What a subscription more costs: `npm run bench:fan-out`. 500 events a second are appended to a log that 0, 1, 10 and 50
 * subscriptions of one process follow. BENCH_ALSO=before=<folder> measures another build in the same run, in turns.
 */
const counts = [0, 1, 10, 50];
const perSecond = 500;
const seconds = Number(process.env.BENCH_ROUND_MS ?? 3_000) / 1_000;
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const builds = [
  ...(process.env.BENCH_ALSO ?? '').split(',').filter((text) => text !== ''),
  'Annals=dist',
].map((text) => text.split('=') as [name: string, dist: string]);
const writes = builds.length === 1 && !process.argv.includes('--print-only');

/** Processor time for one event, in milliseconds. */
interface Cost {
  readonly service: number;
  readonly postgres: number;
}

interface Measured {
  readonly name: string;
  readonly subscriptions: number;
  readonly costs: Cost[];
}

async function run(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'annals-fan-out-'));
  const postgres = await startEmbeddedPostgres({ dataDir: folder });
  const pool = new Pool({ connectionString: postgres.url, max: 1, application_name: benchConnection });
  pool.on('error', () => undefined);
  try {
    const time = new ServerTime(postgres.pid, pool);
    const measured = builds.flatMap(([name, dist]) =>
      counts.map((subscriptions) => ({ name, dist, subscriptions, costs: [] as Cost[] })),
    );
    for (let round = 0; round < rounds; round++)
      for (const { dist, subscriptions, costs } of measured)
        costs.push(await measure(pool, postgres.url, { dist, subscriptions, time }));
    return tableOf(measured);
  } finally {
    await pool.end();
    await postgres.stop();
    for (const path of [postgres.dataDir, folder]) await rm(path, { recursive: true, force: true });
  }
}

interface Measure {
  readonly dist: string;
  readonly subscriptions: number;
  readonly time: ServerTime;
}

/** In a process and a database of its own. */
async function measure(pool: Pool, server: string, { dist, subscriptions, time }: Measure): Promise<Cost> {
  const name = `fan_out_${Date.now()}`;
  await pool.query(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const child = fork(join(__dirname, 'fan-out-process.js'), {
    env: {
      ...process.env,
      FAN_OUT_URL: url.href,
      FAN_OUT_DIST: dist,
      FAN_OUT_SUBSCRIPTIONS: String(subscriptions),
      FAN_OUT_RATE: String(perSecond),
      FAN_OUT_SECONDS: String(seconds),
    },
  });
  const exited = once(child, 'exit').then(() => {
    throw new Error(`The process with ${subscriptions} subscriptions has ended.`);
  });
  exited.catch(() => undefined);
  const message = async (): Promise<unknown> =>
    ((await Promise.race([once(child, 'message'), exited])) as [unknown])[0];
  await message();
  const end = time.begin([]);
  const report = (await message()) as FanOutReport;
  const postgres = await end();
  await exited.catch(() => undefined);
  await pool.query(`DROP DATABASE ${name} WITH (FORCE)`);
  return { service: report.processorMs / report.events, postgres: postgres / report.events };
}

function tableOf(measured: readonly Measured[]): string {
  const head = ['subscriptions', ...counts.map(String)];
  const lines = builds.map(([name]) => [
    name,
    ...measured.filter((one) => one.name === name).map(({ costs }) => cellOf(costs)),
  ]);
  const rows = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
  return [
    ...rows,
    '',
    `- Processor time of one event in ms: service / Postgres. Medians of ${rounds} rounds of ${seconds} s in turns, ${perSecond} events a second.`,
    `- ${new Date().toISOString().slice(0, 10)}, ${machine('fsync on')}.`,
  ].join('\n');
}

function cellOf(costs: readonly Cost[]): string {
  const middle = (values: readonly number[]): string =>
    (values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0).toFixed(2);
  return `${middle(costs.map(({ service }) => service))} / ${middle(costs.map(({ postgres }) => postgres))}`;
}

run().then(
  (table) => {
    process.stdout.write(`${table}\n`);
    const marks = {
      begin: '<!-- fan-out: written by `npm run bench:fan-out` -->',
      end: '<!-- end of fan-out -->',
    };
    if (writes) writeBetween(marks, join(process.cwd(), 'docs', 'performance.md'), table);
  },
  (error: Error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
