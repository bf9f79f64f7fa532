/** One way to do a thing, to be compared with others in the same run. */
export interface Contestant {
  readonly name: string;
  /** Gets ready for a round, outside its time. */
  readonly prepare?: () => Promise<void>;
  /** Does it once, and resolves with how much was done (events, commands). */
  readonly once: () => Promise<number>;
  /** Throws where what was acknowledged is not what is stored. */
  readonly check?: () => Promise<void>;
}

export interface Figure {
  readonly name: string;
  /** Per second: the median of the rounds, with the extremes. */
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Latency in milliseconds, over all rounds. */
  readonly p50: number;
  readonly p99: number;
}

export interface Plan {
  readonly concurrency: number;
  readonly rounds: number;
  readonly roundMs: number;
}

/** Runs the contestants in turns, round after round, so that a slow minute of the machine strikes them all. */
export async function compare(contestants: readonly Contestant[], plan: Plan): Promise<readonly Figure[]> {
  const rates = new Map<string, number[]>();
  const latencies = new Map<string, number[]>();
  for (const contestant of contestants) await run(contestant, { ...plan, roundMs: plan.roundMs / 4 }, []);
  for (let round = 0; round < plan.rounds; round++) {
    for (const contestant of contestants) {
      const times = latencies.get(contestant.name) ?? [];
      latencies.set(contestant.name, times);
      const rate = await run(contestant, plan, times);
      rates.set(contestant.name, [...(rates.get(contestant.name) ?? []), rate]);
    }
  }
  for (const contestant of contestants) await contestant.check?.();
  return contestants.map(({ name }) => figureOf(name, rates.get(name) ?? [], latencies.get(name) ?? []));
}

async function run(contestant: Contestant, plan: Plan, times: number[]): Promise<number> {
  await contestant.prepare?.();
  const started = performance.now();
  const end = started + plan.roundMs;
  let done = 0;
  const work = async (): Promise<void> => {
    while (performance.now() < end) {
      const before = performance.now();
      const count = await contestant.once();
      done += count;
      times.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: plan.concurrency }, work));
  return (done * 1_000) / (performance.now() - started);
}

export function figureOf(name: string, rates: readonly number[], times: readonly number[]): Figure {
  const sorted = [...rates].sort((a, b) => a - b);
  const latency = [...times].sort((a, b) => a - b);
  const at = (values: readonly number[], share: number): number =>
    values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
  return {
    name,
    median: at(sorted, 0.5),
    min: sorted[0] ?? 0,
    max: sorted.at(-1) ?? 0,
    p50: at(latency, 0.5),
    p99: at(latency, 0.99),
  };
}
