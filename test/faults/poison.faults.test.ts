import { Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { startTallies, TallySystem } from '../integration/subscriptions/tally';
import { isLong, report } from './rounds';
import { until } from './until';

/** Every hundredth stream has an event that always fails. */
const streams = isLong ? 100_000 : 2_000;
const isPoisoned = (stream: string): boolean => Number(stream.slice(1)) % 100 === 0;
const atOnce = 50;

let system: TallySystem;

beforeEach(async () => {
  for (const level of ['log', 'error'] as const) jest.spyOn(Logger.prototype, level).mockImplementation();
  system = await startTallies();
}, 60_000);

afterEach(async () => {
  await system.close();
  jest.restoreAllMocks();
}, 60_000);

/** One event for each stream, 500 a second at most. */
async function feed(): Promise<void> {
  for (let first = 0; first < streams; first += atOnce) {
    const began = Date.now();
    await Promise.all(Array.from({ length: atOnce }, (_, index) => system.count(`s${first + index}`, 1)));
    await delay(Math.max(0, atOnce * 2 - (Date.now() - began)));
  }
}

it(
  'one poisoned stream in a hundred does not hold up the others: all of them are projected, only those are parked',
  async () => {
    const afterRow = ({ recorded }: { recorded: { stream: { id: string } } }) => {
      if (isPoisoned(recorded.stream.id)) throw new Error('poison');
    };
    system.loop('one', { meddling: { afterRow }, pollMs: 200 }).start();
    let isFed = false;
    const feeding = feed().finally(() => (isFed = true));
    const lags: number[] = [];
    while (!isFed) {
      lags.push((await system.statuses.all())[0]?.lagSeconds ?? 0);
      await delay(50);
    }
    await feeding;
    const head = await system.store.head();
    await until('the rest is projected', async () => (await system.positions.position('tallies')) === head);
    const [row] = await system.dataSource.query<{ count: number }[]>(
      'SELECT count(*)::integer AS count FROM tallies',
    );
    expect(row?.count).toBe(streams - streams / 100);
    const [status] = await system.statuses.all();
    expect(status).toMatchObject({ parkedCount: streams / 100, failure: null });
    lags.sort((a, b) => a - b);
    report('poison', {
      streams,
      poisoned: streams / 100,
      'lag p50 (s)': lags[Math.floor(lags.length / 2)],
      'lag p99 (s)': lags[Math.floor(lags.length * 0.99)],
      'largest (s)': lags.at(-1),
    });
  },
  isLong ? 900_000 : 120_000,
);
