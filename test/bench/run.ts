import 'reflect-metadata';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { appendToNewStream, commandCycle, followWriters, loadThousand } from './appends';
import { bareStore, BenchStore, openPeers, ourStore, Peer, peersAreInstalled } from './bench-store';
import { catchUp } from './catch-up';
import { writeCharts } from './charts';
import { byCommand, byTheStore, contention } from './contention';
import { compare, Contestant, Figure } from './measure';
import { readLog, readRows } from './reads';
import { machine, rounded, Section, tableOf, writePage } from './report';
import { BenchSystem, connections, startSystem } from './system';

const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const roundMs = Number(process.env.BENCH_ROUND_MS ?? 1_000);
const docs = join(process.cwd(), 'docs');
const withPeers = peersAreInstalled && !process.argv.includes('--no-peers');

/** All workloads of all contestants. */
class Bench {
  private constructor(
    private readonly system: BenchSystem,
    private readonly bare: BenchStore,
    private readonly peers: readonly Peer[],
  ) {}

  static async open(system: BenchSystem): Promise<Bench> {
    const bare = await bareStore(system.pool);
    return new Bench(system, bare, withPeers ? await openPeers(system) : []);
  }

  async close(): Promise<void> {
    for (const peer of this.peers) await peer.close();
  }

  async appends(): Promise<Section> {
    const stores = [this.bare, ...this.peers, ourStore(this.system, true)];
    const contestants = stores.map(appendToNewStream);
    const cells = [];
    for (const concurrency of [1, 8, 32, 256]) {
      cells.push({
        column: `${concurrency} in flight`,
        figures: await this.compare(contestants, concurrency),
      });
    }
    return { title: 'Append one event to a new stream', cells };
  }

  async cycles(): Promise<Section> {
    const stores = [this.bare, ...this.peers, ourStore(this.system, false), ourStore(this.system, true)];
    const contestants = stores.map(commandCycle);
    const cells = [];
    for (const concurrency of [1, 8, 32]) {
      cells.push({
        column: `${concurrency} in flight`,
        figures: await this.compare(contestants, concurrency),
      });
    }
    return { title: 'Command: load a stream of 10 to 20 events, decide, append one', cells };
  }

  async reads(): Promise<Section> {
    const loads: Contestant[] = [];
    for (const store of [this.bare, ...this.peers, ourStore(this.system, false)])
      loads.push(await loadThousand(store));
    await this.system.pool.query('ANALYZE');
    const pages = [readRows(this.system), readLog(this.system)];
    return {
      title: 'Read, events a second',
      cells: [
        { column: 'a stream of 1,000, into an aggregate', figures: await this.compare(loads, 1) },
        { column: 'the whole log, pages of 1,000', figures: await this.compare(pages, 1) },
      ],
    };
  }

  catchUp(): Promise<Section> {
    return catchUp(this.system, this.peers, rounds);
  }

  contention(): Promise<string> {
    const ours = ourStore(this.system, true);
    const contenders = [...this.peers.map(byTheStore), byTheStore(ours), byCommand(ours)];
    return contention(contenders, Math.min(rounds, 3));
  }

  async losses(): Promise<string> {
    const lines = [];
    for (const store of [...this.peers, ourStore(this.system, false)]) {
      if (!store.tail) continue;
      const { written, lost, twice } = await followWriters(store, 2 * roundMs);
      lines.push(`| ${store.name} | ${rounded(written)} | ${rounded(lost)} | ${rounded(twice)} |`);
    }
    return [
      '### What a reader that follows the log misses while 16 writers append',
      '',
      '| | written | lost | seen twice |',
      '| --- | --- | --- | --- |',
      ...lines,
    ].join('\n');
  }

  private compare(contestants: readonly Contestant[], concurrency: number): Promise<readonly Figure[]> {
    return compare(contestants, { concurrency, rounds, roundMs });
  }
}

/** Tells on stderr what has taken how long, and what came out of it, so that a run which is cut short is not in vain. */
async function step<R extends Section | string>(name: string, work: () => Promise<R>): Promise<R> {
  const started = performance.now();
  const result = await work();
  const table = typeof result === 'string' ? result : tableOf(result);
  process.stderr.write(`${name}: ${Math.round((performance.now() - started) / 1_000)} s\n\n${table}\n\n`);
  return result;
}

async function report(): Promise<string> {
  const system = await startSystem();
  const bench = await Bench.open(system);
  try {
    const appends = await step('appends', () => bench.appends());
    const losses = await step('lost events', () => bench.losses());
    const cycles = await step('commands', () => bench.cycles());
    const reads = await step('reads', () => bench.reads());
    const catchUp = await step('catch-up', () => bench.catchUp());
    const contention = await step('contention', () => bench.contention());
    const sections = [appends, cycles, reads, catchUp];
    const charts = withPeers && writes ? [await writeCharts(appends, cycles, join(docs, 'charts'))] : [];
    const notes = [
      `- Medians of ${rounds} interleaved rounds of ${roundMs} ms after a warm-up; rates a second, ratio to the first line in bold, min–max, p50 / p99 over all rounds; ${connections} connections for each contestant.`,
      `- Machine: ${machine(system.server)}.`,
    ].join('\n');
    return [...charts, ...sections.map(tableOf), contention, losses, notes].join('\n\n');
  } finally {
    await bench.close();
    await system.close();
  }
}

Logger.overrideLogger(['warn', 'error']);
const writes = !process.argv.includes('--print-only');

report().then(
  (figures) => {
    if (writes) writePage(join(docs, 'performance.md'), figures);
    // The handlers of evtstore never stop their timers, so the process does not end by itself.
    process.stdout.write(`${figures}\n`, () => process.exit());
  },
  (error: Error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
