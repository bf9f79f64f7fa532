import 'reflect-metadata';
import { join } from 'node:path';
import { appendToNewStream, commandCycle, followWhile } from './appends';
import { bareInsert } from './bare-insert';
import { compare, Contestant, Figure } from './measure';
import { catchUp, readLog, readRows } from './reads';
import { Report, rounded, Row, tableOf, writePage } from './report';
import { BenchSystem, connections, startSystem } from './system';

const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const roundMs = Number(process.env.BENCH_ROUND_MS ?? 1_000);
const page = join(process.cwd(), 'docs', 'performance.md');

async function appendRows(system: BenchSystem, unit: Contestant): Promise<Row[]> {
  const ours = appendToNewStream(system);
  const rows: Row[] = [];
  for (const concurrency of [1, 8, 32, 256]) {
    const figures = await compare([unit, ours], { concurrency, rounds, roundMs });
    rows.push(rowOf(`append to a new stream, ${concurrency} in flight`, figures));
  }
  return rows;
}

async function cycleRows(system: BenchSystem, unit: Contestant): Promise<Row[]> {
  const ours = await commandCycle(system);
  const rows: Row[] = [];
  for (const concurrency of [1, 8, 32]) {
    const figures = await compare([unit, ours], { concurrency, rounds, roundMs });
    rows.push(rowOf(`command cycle (load 10 or more, append 1), ${concurrency} in flight`, figures));
  }
  return rows;
}

function rowOf(title: string, [unit, ours]: readonly Figure[]): Row {
  if (!unit || !ours) throw new Error('Two contestants make a row.');
  return { title, unit, ours };
}

async function bench(): Promise<Report> {
  const system = await startSystem();
  try {
    const unit = await bareInsert(system.pool);
    const appends = await appendRows(system, unit);
    const followed = await followWhile(system, () =>
      compare([appendToNewStream(system)], { concurrency: 32, rounds: 1, roundMs: rounds * roundMs }),
    );
    const cycles = await cycleRows(system, unit);
    await system.pool.query('ANALYZE');
    const reading = await compare([readRows(system), readLog(system)], { concurrency: 1, rounds, roundMs });
    const head = await system.store.head();
    const caughtUp = await catchUp(system, head < 50_000n ? head : 50_000n);
    return {
      rows: [...appends, ...cycles, rowOf('read the log in pages of 1,000, events', reading)],
      server: system.server,
      notes: [
        `Catch-up of a projection, one upsert per event in batches of 500: ${rounded(caughtUp)} events a second.`,
        `A reader that followed the log by polling while 32 writers appended: ${followed.written} events written, ${followed.lost} lost.`,
        `Medians of ${rounds} interleaved rounds of ${roundMs} ms after a warm-up; rates a second; ${connections} connections for each contestant.`,
      ],
    };
  } finally {
    await system.close();
  }
}

bench().then(
  (report) => {
    const figures = tableOf(report);
    process.stdout.write(`${figures}\n`);
    if (!process.argv.includes('--print-only')) writePage(page, figures);
  },
  (error: Error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
