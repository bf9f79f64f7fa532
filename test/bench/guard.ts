import 'reflect-metadata';
import { join } from 'node:path';
import { appendToNewStream, commandCycle, loadThousand } from './appends';
import { bareStore, ourStore } from './bench-store';
import { History, Ratios } from './history';
import { compare, Contestant } from './measure';
import { readLog, readRows } from './reads';
import { machine } from './report';
import { BenchSystem, startSystem } from './system';

/*
 * A short benchmark for every build: what this project does, with the bare INSERT (or the raw read) of the same run as the
 * unit. It fails where a ratio is below half of what was recorded, twice in a row, so that a busy machine fails nothing.
 * With `--record` it appends the ratios to the history instead.
 */

/** Of which half must be reached. */
const file = join(process.cwd(), 'test', 'bench', 'history.json');
const rounds = 5;
const roundMs = 300;

interface Workload {
  readonly name: string;
  readonly concurrency: number;
  /** The unit first, then this project. */
  readonly contestants: readonly [Contestant, Contestant];
}

async function workloadsOf(system: BenchSystem): Promise<readonly Workload[]> {
  const bare = await bareStore(system.pool);
  const ours = ourStore(system, true);
  const appends = [appendToNewStream(bare), appendToNewStream(ours)] as const;
  return [
    { name: 'append, 1 in flight', concurrency: 1, contestants: appends },
    { name: 'append, 32 in flight', concurrency: 32, contestants: appends },
    {
      name: 'command, 32 in flight',
      concurrency: 32,
      contestants: [commandCycle(bare), commandCycle(ours)],
    },
    {
      name: 'load a stream of 1,000',
      concurrency: 1,
      contestants: [await loadThousand(bare), await loadThousand(ours)],
    },
    { name: 'read the log', concurrency: 1, contestants: [readRows(system), readLog(system)] },
  ];
}

async function measure(system: BenchSystem, workloads: readonly Workload[]): Promise<Ratios> {
  await system.pool.query('ANALYZE');
  const ratios: Record<string, number> = {};
  for (const { name, concurrency, contestants } of workloads) {
    const [unit, ours] = await compare(contestants, { concurrency, rounds, roundMs });
    ratios[name] = Math.round((100 * (ours?.median ?? 0)) / (unit?.median ?? 1)) / 100;
  }
  return ratios;
}

async function guard(): Promise<boolean> {
  const history = History.read(file);
  const system = await startSystem();
  try {
    const workloads = await workloadsOf(system);
    const ratios = await measure(system, workloads);
    console.log(history.tableOf(ratios));
    if (process.argv.includes('--record')) {
      history.record({ at: new Date().toISOString(), machine: machine(system.server), ratios });
      return true;
    }
    const slow = history.tooSlow(ratios);
    if (slow.length === 0) return true;
    console.log(`Below half: ${slow.join('; ')}. Measured once more:`);
    const again = await measure(
      system,
      workloads.filter(({ name }) => slow.includes(name)),
    );
    console.log(history.tableOf(again));
    return history.tooSlow(again).length === 0;
  } finally {
    await system.close();
  }
}

guard().then(
  (isFast) => {
    if (isFast) return;
    console.error('Slower than half of what was recorded in test/bench/history.json.');
    process.exitCode = 1;
  },
  (error: Error) => {
    console.error(error.stack);
    process.exit(1);
  },
);
