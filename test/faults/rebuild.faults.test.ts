import { Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { ProjectionFold, Rebuilds } from '../../src/event-sourcing';
import { Projection } from '../../src/event-sourcing/projections/projection';
import { startTallies, TallySystem } from '../integration/subscriptions/tally';
import { Dice } from './dice';
import { isLong, report, reportRound, roundsOf, timeFor } from './rounds';
import { SteadyLoad } from './steady-load';
import { until } from './until';

const rounds = roundsOf(2, 20);
const eventsPerSecond = 500;
/** Events that are there before the first round, so that a round lasts. */
const history = isLong ? 20_000 : 0;
const options = { meddling: { collects: true } };
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

const append = () => system.count(`s${dice.between(0, 20)}`, 1);

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

async function expectFold(projection: Projection): Promise<void> {
  expect(await system.positions.waitFor('tallies', await system.store.head(), 30_000)).toBe(true);
  const fold = new ProjectionFold(system.dataSource, system.store);
  expect((await fold.compare(projection)).differences).toEqual([]);
}

/** Makes the rows anew while events come in, and tells how long that took and how many came. */
async function rebuildUnderLoad(orders: Rebuilds): Promise<{ ms: number; appended: number }> {
  const load = new SteadyLoad(append, eventsPerSecond);
  try {
    await orders.request('tallies');
    await until('the new rows took over', async () => (await orders.all()).length === 0, 240_000);
  } finally {
    await load.stop();
  }
  return load;
}

it(
  'rows that are made anew under 500 events a second equal the fold each time, and no reader sees half a model',
  async () => {
    report('rebuild', { rounds, seed: dice.seed });
    for (let n = 0; n < history; n += 250) await Promise.all(Array.from({ length: 250 }, append));
    system.loop('live', options).start();
    const { orders, runner, projection } = system.rebuilding('live', options);
    runner.start();
    let isOver = false;
    const reading = read(() => isOver);
    const rates: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      const { ms, appended } = await rebuildUnderLoad(orders);
      const rate = Math.round((appended * 1_000) / ms);
      rates.push(rate);
      const head = await system.store.head();
      reportRound('rebuild', { round, ms, head, 'events a second': rate });
      await expectFold(projection);
    }
    isOver = true;
    const slowest = Math.min(...rates);
    report('rebuild', { rounds, reads: await reading, 'events a second, at least': slowest });
  },
  timeFor(rounds),
);
