import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { EventRegistry, LogCheck } from '../../../src/event-sourcing';
import { CheckpointCheck } from '../../../src/event-sourcing/subscriptions/operate/checkpoint-check';
import { migrate } from '../../../src/platform/database/migrate';
import { startEmbeddedPostgres } from '../../../src/platform/embedded-postgres/embedded-postgres';
import { machine, rounded } from '../report';
import { CatchUpReport } from './catch-up-process';
import { GrowthDatabase, openGrowthDatabase } from './growth-database';
import { appends, reads, roundMs, rounds } from './growth-measures';
import { GrowthStage, growthTables, writeGrowth } from './growth-report';
import { eventsPerUser } from './grown-log';
import { loadLog } from './load-log';
import { tableStates } from './table-states';

/** How many events the log has at each stage: multiples of 10,000, and of 100,000 behind the first 100,000. */
const sizes = (process.env.GROWTH_EVENTS ?? '10000,1000000,10000000').split(',').map(Number);
const writes = !process.argv.includes('--print-only');

async function run(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'annals-growth-'));
  const postgres = await startEmbeddedPostgres({ dataDir: folder, settings: { max_wal_size: '4GB' } });
  const remove = async (): Promise<void> => {
    await postgres.stop();
    for (const path of [postgres.dataDir, folder]) await rm(path, { recursive: true, force: true });
  };
  // Gigabytes are not left behind by a run that is cut short.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void remove().finally(() => process.exit(1)));
  try {
    const stages: GrowthStage[] = [];
    for (const events of sizes) {
      stages.push(await stage(postgres.url, events));
      process.stderr.write(`\n${growthTables(stages)}\n\n`);
    }
    return `${growthTables(stages)}\n\n${await notes(postgres.url)}`;
  } finally {
    await remove();
  }
}

/** Fills a log, lets the read model follow, proves both, and measures, beside an empty log. */
async function stage(server: string, events: number): Promise<GrowthStage> {
  const urls = { empty: await create(server, 'empty'), grown: await create(server, 'grown') };
  const empty = await openGrowthDatabase(urls.empty);
  const grown = await openGrowthDatabase(urls.grown);
  try {
    const load = () => loadLog(urls.grown, { from: 0, to: events });
    const loaded = await timed(`load of ${rounded(events)} events`, load);
    const catchUp = await timed('catch-up', () => runCatchUp(urls.grown));
    await timed('tidy up', () => grown.dataSource.query('VACUUM ANALYZE'));
    const tables = await tableStates(grown.dataSource);
    await timed('proof', () => prove(grown));
    await grown.dataSource.query('CHECKPOINT');
    const appended = await timed('appends', () => appends(empty, grown));
    // So that the searches find the index as a busy service leaves it, and not as a vacuum does.
    await timed('catch-up of what was appended', () => runCatchUp(urls.grown));
    const read = await timed('reads', () => reads(grown, events / eventsPerUser));
    const loadRate = (events * 1_000) / loaded.ms;
    return {
      events,
      loadRate,
      appends: appended.result,
      reads: read.result,
      catchUp: catchUp.result,
      tables,
    };
  } finally {
    await empty.close();
    await grown.close();
  }
}

/** A new database of this name, in place of the one of the stage before. */
async function create(server: string, name: string): Promise<string> {
  await onServer(server, `DROP DATABASE IF EXISTS ${name}`);
  await onServer(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  await migrate(url.href);
  return url.href;
}

/** In a process of its own, so that its memory is that of a catch-up and of nothing else. */
async function runCatchUp(url: string): Promise<CatchUpReport> {
  const program = join(__dirname, 'catch-up-process.js');
  const env = { ...process.env, GROWTH_URL: url };
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env });
  return JSON.parse(stdout) as CatchUpReport;
}

/** What was loaded is a log that the product finds no fault with, and its read model has seen all of it. */
async function prove({ dataSource }: GrowthDatabase): Promise<void> {
  const { problems } = await new LogCheck(dataSource, new EventRegistry()).run();
  const proofs = await new CheckpointCheck(dataSource).run();
  const blind = proofs
    .filter(({ sawEvery }) => !sawEvery)
    .map(({ name }) => `${name} has not seen every event`);
  if (problems.length + blind.length > 0) throw new Error([...problems, ...blind].join('\n'));
}

async function timed<R>(what: string, work: () => Promise<R>): Promise<{ result: R; ms: number }> {
  const started = performance.now();
  const result = await work();
  const ms = performance.now() - started;
  process.stderr.write(`${what}: ${(ms / 1_000).toFixed(1)} s\n`);
  return { result, ms };
}

async function notes(server: string): Promise<string> {
  const [row] = await onServer<{ server_version: string }>(server, 'SHOW server_version');
  const postgres = `Postgres ${row?.server_version ?? ''}, fsync on`;
  return `- Medians of ${rounds} interleaved rounds of ${roundMs} ms. Machine: ${machine(postgres)}.`;
}

async function onServer<R extends object>(url: string, sql: string): Promise<R[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<R>(sql)).rows;
  } finally {
    await client.end();
  }
}

run().then(
  (text) => {
    process.stdout.write(`${text}\n`);
    if (writes) writeGrowth(join(process.cwd(), 'docs', 'performance.md'), text);
  },
  (error: Error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
