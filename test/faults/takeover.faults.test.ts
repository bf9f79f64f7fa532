import { setTimeout as delay } from 'node:timers/promises';
import { Dice } from './dice';
import { faultsOfTrail, handovers } from './faults-of-trail';
import { freezeInBatch } from './freeze';
import { Load } from './load';
import { Pair, type Takeover } from './pair';
import { endPrograms } from './program';
import { proveNothingLost } from './prove';
import { report, reportRound, roundsOf, timeFor } from './rounds';
import { readTrail, type Trail } from './trail';

/** A promise of the service: in this time another instance goes on projecting. */
const takeoverWithinMs = 10_000;
let pair: Pair;
let load: Load;
const dice = new Dice();

beforeEach(async () => {
  pair = await Pair.start();
  load = new Load(2);
}, 120_000);

afterEach(async () => {
  await endPrograms();
  await load?.stop();
  await pair?.end();
}, 60_000);

const killRounds = roundsOf(1, 20);

it(
  'when the owner is killed under load, the other one projects within 10 seconds and misses nothing',
  async () => {
    report('takeover', { rounds: killRounds, seed: dice.seed });
    for (let round = 1; round <= killRounds; round++) {
      const { owner, other } = await pair.roles();
      load.start(pair.service(owner).url, pair.service(other).url);
      await load.acknowledges(50);
      await delay(dice.between(0, 1_000));
      await pair.service(owner).end('SIGKILL');
      const taken = await pair.projects(other);
      expect(taken.projected).toBeLessThan(takeoverWithinMs);
      await load.stop();
      await pair.startService(owner);
      const { acknowledged, unknown } = load.journal;
      reportRound('takeover', { round, killed: owner, acknowledged, unknown, ...inMs(taken) });
    }
    await proveBoth('takeover');
  },
  timeFor(killRounds),
);

const staleRounds = roundsOf(1, 20);

it(
  'an owner that was stopped and wakes up after a takeover writes nothing more, and lives on',
  async () => {
    report('stale-owner', { rounds: staleRounds, seed: dice.seed });
    for (let round = 1; round <= staleRounds; round++) {
      const { owner, other } = await pair.roles();
      const stale = pair.service(owner);
      load.start(pair.service(other).url);
      await load.acknowledges(20);
      const inBatch = round % 2 === 1;
      if (inBatch) await freezeInBatch(stale, pair.pool, dice);
      else stale.signal('SIGSTOP');
      const taken = await pair.projects(other);
      expect(taken.projected).toBeLessThan(takeoverWithinMs);
      stale.signal('SIGCONT');
      await delay(dice.between(1_000, 1_500));
      await load.stop();
      expect(stale.hasExited()).toBe(false);
      expect((await fetch(`${stale.url}/health/live`)).status).toBe(200);
      expect((await pair.roles()).owner).toBe(other);
      const { acknowledged, unknown } = load.journal;
      reportRound('stale-owner', { round, stale: owner, inBatch, acknowledged, unknown, ...inMs(taken) });
    }
    await proveBoth('stale-owner');
  },
  timeFor(staleRounds),
);

const stopRounds = roundsOf(1, 5);

it(
  'an owner that is asked to stop hands the lease over, and nobody waits until it runs out',
  async () => {
    report('handover', { rounds: stopRounds, seed: dice.seed });
    for (let round = 1; round <= stopRounds; round++) {
      const { owner, other } = await pair.roles();
      load.start(pair.service(owner).url, pair.service(other).url);
      await load.acknowledges(50);
      const stopped = pair.service(owner).end('SIGTERM');
      await pair.projects(other);
      expect(await stopped).toBe(0);
      await load.stop();
      await pair.startService(owner);
    }
    const gaps = handoversBetweenServices(await proveBoth('handover'));
    expect(gaps).toHaveLength(stopRounds);
    expect(Math.max(...gaps)).toBeLessThan(leaseMs);
    report('handover', { rounds: stopRounds, 'longest gap in ms': Math.round(Math.max(...gaps)) });
  },
  timeFor(stopRounds),
);

/** How long a lease lasts: whoever waits until it runs out takes longer. */
const leaseMs = 5_000;

/** Time from a release to the other's taking, for each time that the lease went from one service to the other. */
function handoversBetweenServices(trail: Trail): number[] {
  return handovers(trail)
    .filter(({ from, to }) => from.service !== to.service)
    .map(({ from, to }) => to.at - from.at);
}

function inMs({ leased, projected }: Takeover): Readonly<Record<string, number>> {
  return { 'ms to the lease': leased, 'ms to projecting': projected };
}

async function proveBoth(title: string): Promise<Trail> {
  const { other } = await pair.roles();
  await load.settle(pair.service(other).url);
  await proveNothingLost({ title, load, databaseUrl: pair.database.url, pool: pair.pool });
  const trail = await readTrail(pair.pool);
  report(title, {
    'moves of the checkpoint': trail.moves.length,
    'transactions with rows': trail.writes.length,
  });
  expect(faultsOfTrail(trail).slice(0, 20)).toEqual([]);
  return trail;
}
