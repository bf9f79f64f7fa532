import { Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { startTallies, TallySystem } from '../integration/subscriptions/tally';
import { Dice } from './dice';
import { report, reportRound, roundsOf, timeFor } from './rounds';
import { until } from './until';

const rounds = roundsOf(2, 20);

/** Halved whenever a round takes longer than 15 seconds, because then this machine has no room for more. */
let eventsPerSecond = 500;
const dice = new Dice();
let system: TallySystem;

beforeEach(async () => {
  jest.spyOn(Logger.prototype, 'log').mockImplementation();
  jest.spyOn(Logger.prototype, 'warn').mockImplementation();
  system = await startTallies();
}, 60_000);

afterEach(async () => {
  await system.close();
  jest.restoreAllMocks();
}, 60_000);

/** Appends at that rate until it is told to stop; resolves with the last position. */
async function write(isOver: () => boolean): Promise<bigint> {
  let last = 0n;
  for (let lap = Date.now(); !isOver();) {
    const due = Math.min(Math.floor(((Date.now() - lap) / 1_000) * eventsPerSecond), 200);
    if (due > 0) lap = Date.now();
    const appends = Array.from({ length: due }, () => system.count(`s${dice.between(0, 500)}`, 1));
    for (const position of await Promise.all(appends)) if (position > last) last = position;
    await delay(10);
  }
  return last;
}

/** Reads like a client: the sum of all rows only ever grows, unless somebody sees half a model. */
async function read(isOver: () => boolean): Promise<number> {
  let before = 0;
  let reads = 0;
  while (!isOver()) {
    const position = await system.positions.position('tallies');
    const [row] = await system.dataSource.query<{ sum: number }[]>(
      'SELECT COALESCE(sum(total), 0)::integer AS sum FROM tallies',
    );
    const sum = row?.sum ?? 0;
    // One event adds one, so the rows hold at least what the checkpoint said before.
    if (sum < Number(position) || sum < before)
      throw new Error(`Half a model: ${sum} after ${before}, at ${position}`);
    before = sum;
    reads++;
    await delay(5);
  }
  return reads;
}

it(
  'rows that are made anew under up to 500 events a second equal the fold, and no reader sees half a model',
  async () => {
    report('rebuild', { rounds, seed: dice.seed });
    system.loop('live').start();
    let isOver = false;
    const writing = write(() => isOver);
    const reading = read(() => isOver);
    const { orders, runner } = system.rebuilding('live');
    runner.start();
    for (let round = 1; round <= rounds; round++) {
      const started = Date.now();
      await orders.request('tallies');
      const isSlow = setInterval(() => (eventsPerSecond /= 2), 15_000);
      const isDone = async () => (await orders.all()).length === 0;
      await until('the new rows have taken over', isDone, 240_000).finally(() => clearInterval(isSlow));
      reportRound('rebuild', {
        round,
        ms: Date.now() - started,
        head: await system.store.head(),
        eventsPerSecond,
      });
    }
    isOver = true;
    const last = await writing;
    const reads = await reading;
    expect(await system.positions.waitFor('tallies', last, 30_000)).toBe(true);
    const { differences } = await system.fold.compare(system.projections.get('tallies'));
    expect(differences).toEqual([]);
    report('rebuild', { rounds, events: last, reads, 'events a second at the end': eventsPerSecond });
  },
  timeFor(rounds),
);
