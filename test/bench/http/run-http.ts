import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { startEmbeddedPostgres } from '../../../src/platform/embedded-postgres/embedded-postgres';
import { machine } from '../report';
import { writeBetween } from '../write-between';
import { startContestants } from './contestants';
import { drawHttpChart } from './http-chart';
import { HttpRun, WorkloadFigures } from './http-figures';
import { recordRun } from './http-history';
import { httpTables } from './http-tables';
import { measureHttp } from './measure-http';
import { benchConnection, ServerTime } from './processor-time';
import { workloads } from './workloads';

/*
 * HTTP against what a team would write instead: `npm run bench:http`. BENCH_ROUNDS, BENCH_ROUND_MS; BENCH_ONLY and
 * BENCH_CONTESTANTS are regular expressions for names of workloads and contestants; BENCH_ALSO=before=<folder> adds another
 * build of the service. It writes the page, the chart and the history unless it is told `--print-only`, or leaves something out.
 */
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const roundMs = Number(process.env.BENCH_ROUND_MS ?? 2_000);
const { BENCH_ONLY, BENCH_CONTESTANTS, BENCH_ALSO } = process.env;
const isWhole = [BENCH_ONLY, BENCH_CONTESTANTS, BENCH_ALSO].every((text) => text === undefined);
const writes = isWhole && !process.argv.includes('--print-only');

async function run(): Promise<HttpRun> {
  const folder = await mkdtemp(join(tmpdir(), 'annals-bench-'));
  const settings = { max_connections: '300' };
  const postgres = await startEmbeddedPostgres({ dataDir: folder, settings });
  const pool = new Pool({ connectionString: postgres.url, max: 1, application_name: benchConnection });
  pool.on('error', () => undefined);
  try {
    const measured = await measureAll(pool, postgres);
    const { rows } = await pool.query<{ server_version: string }>('SHOW server_version');
    const server = `Postgres ${rows[0]?.server_version ?? ''}, fsync on`;
    return {
      at: new Date().toISOString(),
      machine: machine(server),
      rounds,
      roundMs,
      workloads: measured,
    };
  } finally {
    await pool.end();
    await postgres.stop();
    for (const path of [postgres.dataDir, folder]) await rm(path, { recursive: true, force: true });
  }
}

async function measureAll(
  pool: Pool,
  { url, pid }: { readonly url: string; readonly pid: number },
): Promise<readonly WorkloadFigures[]> {
  const contestants = await startContestants(pool, url, new RegExp(BENCH_CONTESTANTS ?? ''));
  const plan = { rounds, roundMs, serverTime: new ServerTime(pid, pool) };
  const measured: WorkloadFigures[] = [];
  try {
    for (const workload of workloads.filter(({ name }) => new RegExp(BENCH_ONLY ?? '').test(name))) {
      measured.push(await measureHttp(contestants.all, workload, plan));
      process.stderr.write(`${workload.name} is done.\n`);
    }
    return measured;
  } finally {
    await contestants.stop();
  }
}

run().then(
  (measured) => {
    const tables = httpTables(measured);
    process.stdout.write(`${tables}\n`);
    if (!writes) return;
    recordRun(measured);
    drawHttpChart(measured);
    const begin = '<!-- HTTP: written by `npm run bench:http` -->';
    writeBetween(
      { begin, end: '<!-- end of HTTP -->' },
      join(process.cwd(), 'docs', 'performance.md'),
      tables,
    );
  },
  (error: Error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
