import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CheckpointCheck, ProjectionFold } from '../../src/event-sourcing';
import { startTallies, TallySystem } from '../integration/subscriptions/tally';
import { Dice } from './dice';
import { report, reportRound, roundsOf, timeFor } from './rounds';
import { until } from './until';

const names = ['a', 'b', 'c', 'd'];
const rounds = roundsOf(5, 500);

/** Each round proves the whole log: a long run begins with an empty one every so often. */
const roundsOfLog = 25;
const logs = Array.from({ length: Math.ceil(rounds / roundsOfLog) }, (_, index) => ({
  first: index * roundsOfLog + 1,
  last: Math.min(rounds, (index + 1) * roundsOfLog),
}));
const dice = new Dice();
const processes = new Map<string, ChildProcess>();
let system: TallySystem;

beforeEach(async () => {
  system = await startTallies();
  for (const name of names) startProcess(name);
}, 60_000);

afterEach(async () => {
  for (const name of [...processes.keys()]) await kill(name);
  await system.close();
}, 60_000);

function startProcess(name: string): void {
  const program = join(__dirname, 'segments-process.mjs');
  const args = [program, system.database.url, `${name}-${dice.between(0, 1_000_000)}`];
  processes.set(name, spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] }));
}

async function kill(name: string): Promise<void> {
  const child = processes.get(name);
  processes.delete(name);
  if (!child || child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Kills it, or stops it for a moment which may be longer than its leases. */
async function trouble(name: string): Promise<string> {
  if (dice.between(0, 3) === 0) {
    await kill(name);
    startProcess(name);
    return `killed ${name}`;
  }
  const ms = dice.between(0, 2_500);
  processes.get(name)?.kill('SIGSTOP');
  await delay(ms);
  processes.get(name)?.kill('SIGCONT');
  return `stopped ${name} for ${ms} ms`;
}

async function append(count: number): Promise<bigint> {
  let last = 0n;
  for (let n = 0; n < count; n++) last = await system.count(`s${dice.between(0, 40)}`, dice.between(1, 100));
  return last;
}

it.each(logs)(
  'four processes that are killed, stopped and woken never both write a segment: rows equal the fold each time (rounds $first to $last)',
  async ({ first, last }) => {
    report('segments', { rounds: `${first} to ${last}`, seed: dice.seed });
    for (let round = first; round <= last; round++) {
      const victims = names.filter(() => dice.between(0, 2) === 0);
      const troubles = Promise.all(victims.map(trouble));
      const head = await append(dice.between(20, 200));
      const done = await troubles;
      await until(
        'all segments have caught up',
        async () => (await system.positions.position('tallies')) >= head,
      );
      await expectFold();
      reportRound('segments', { round, events: head, faults: done.join(' + ') || 'none' });
    }
    const owners = await system.dataSource.query<{ owner: string }[]>(
      'SELECT DISTINCT owner FROM annals.subscriptions',
    );
    report('segments', { 'processes at the end': owners.length });
  },
  timeFor(roundsOfLog),
);

async function expectFold(): Promise<void> {
  const { projection } = system.rebuilding('judge', { segments: 8 });
  const fold = new ProjectionFold(system.dataSource, system.store);
  expect((await fold.compare(projection)).differences).toEqual([]);
  const proofs = await new CheckpointCheck(system.dataSource).run();
  expect(proofs.filter(({ sawEvery }) => !sawEvery)).toEqual([]);
  expect(proofs).toHaveLength(8);
}
