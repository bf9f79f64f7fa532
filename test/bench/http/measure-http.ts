import { figureOf } from '../measure';
import { Contestant } from './contestants';
import { HttpFigure, WorkloadFigures } from './http-figures';
import { LoadResult } from './load';
import { processorTime, ServerTime } from './processor-time';
import { caughtUp } from './requests';
import { Workload } from './workloads';

export interface HttpPlan {
  readonly rounds: number;
  readonly roundMs: number;
  readonly serverTime: ServerTime;
}

interface Round {
  readonly perSecond: number;
  readonly times: readonly number[];
  readonly service: number;
  readonly postgres: number;
}

/** One contestant in one workload. */
interface Runner {
  readonly contestant: Contestant;
  readonly run: (ms: number) => Promise<LoadResult>;
  readonly others: readonly string[];
  readonly rounds: Round[];
  /** Users that its database had before. */
  readonly storedBefore: number;
  answered: number;
}

/** Rounds before the first that counts: until then much of the code is not compiled. */
const warmUps = 2;

/** The contestants take turns; in every second round in the opposite order. */
export async function measureHttp(
  contestants: readonly Contestant[],
  workload: Workload,
  plan: HttpPlan,
): Promise<WorkloadFigures> {
  const runners = await prepare(contestants, workload);
  for (let round = -warmUps; round < plan.rounds; round++) {
    for (const runner of round % 2 === 0 ? runners : runners.toReversed()) {
      const result = await runRound(runner, plan);
      if (round >= 0) runner.rounds.push(result);
    }
  }
  if (!workload.isRead) for (const runner of runners) await checkStored(runner);
  return { name: workload.name, isRead: workload.isRead, figures: runners.map(figure) };
}

async function prepare(contestants: readonly Contestant[], workload: Workload): Promise<readonly Runner[]> {
  const runners: Runner[] = [];
  for (const contestant of contestants) {
    if (contestant.stored === undefined && !workload.hasNoOp) continue;
    const run = await workload.prepare(contestant);
    const others = databasesBeside(contestant, contestants);
    const storedBefore = (await contestant.stored?.()) ?? 0;
    runners.push({ contestant, run, others, rounds: [], storedBefore, answered: 0 });
  }
  return runners;
}

function databasesBeside(contestant: Contestant, all: readonly Contestant[]): readonly string[] {
  return all.filter((other) => other !== contestant).flatMap(({ server }) => server.database ?? []);
}

/** The subscriptions belong to the round: their processor time counts, and they weigh on no other round. */
async function runRound(runner: Runner, { roundMs, serverTime }: HttpPlan): Promise<Round> {
  const { run, others } = runner;
  const { server, hasSubscriptions } = runner.contestant;
  const endServer = serverTime.begin(others);
  const before = processorTime(server.pid);
  const { answered, perSecond, times } = await run(roundMs);
  runner.answered += answered;
  if (hasSubscriptions) await caughtUp(server);
  const service = (processorTime(server.pid) - before) / answered;
  return { perSecond, times, service, postgres: (await endServer()) / answered };
}

/** @throws when users are missing that were acknowledged. */
async function checkStored({ contestant, storedBefore, answered }: Runner): Promise<void> {
  if (contestant.stored === undefined) return;
  const stored = (await contestant.stored()) - storedBefore;
  if (stored < answered)
    throw new Error(
      `${contestant.server.name}: ${stored} users are stored, where ${answered} were acknowledged.`,
    );
}

function figure({ contestant, rounds }: Runner): HttpFigure {
  const rates = rounds.map(({ perSecond }) => perSecond);
  const times = rounds.flatMap((round) => round.times);
  return {
    ...figureOf(contestant.server.name, rates, times),
    service: median(rounds.map(({ service }) => service)),
    postgres: median(rounds.map(({ postgres }) => postgres)),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
