import { newId } from '../../src/event-sourcing/new-id';
import { BenchStore } from './bench-store';
import { figureOf } from './measure';
import { rounded } from './report';

const writers = 32;
const wanted = 1_000;
/** A store that needs longer is stopped there. */
const limitMs = 4_000;

interface Contender {
  readonly name: string;
  readonly store: BenchStore;
  /** One append; gives the version to know for the next. */
  append(id: string, known: number): Promise<number>;
}

/** What a caller does who keeps the version he knows: on a conflict he learns the new one, and tries again. */
export function byTheStore(store: BenchStore): Contender {
  return {
    name: store.name,
    store,
    append: async (id, known) => {
      for (let version = known; ;) {
        try {
          await store.append(id, version, 1);
          return version + 1;
        } catch (error) {
          if (!store.isConflict(error)) throw error;
          version = (await store.versionAfter?.(id, error, version)) ?? (await store.load(id));
        }
      }
    },
  };
}

/** The whole command cycle: load or take from the cache, decide, append, and again where the race was lost. */
export function byCommand(store: BenchStore): Contender {
  return {
    name: `${store.name}, by repository.update()`,
    store,
    append: async (id, known) => {
      await store.command?.(id);
      return known;
    },
  };
}

/** All contenders in turns, with a short round before to warm up. */
export async function contention(contenders: readonly Contender[], rounds: number): Promise<string> {
  const rates = contenders.map((): number[] => []);
  const reached = contenders.map(() => wanted);
  for (const contender of contenders) await race(contender, limitMs / 10);
  for (let round = 0; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      const { successes, ms } = await race(contender, limitMs);
      rates[index]?.push((successes * 1_000) / ms);
      reached[index] = Math.min(reached[index] ?? wanted, successes);
    }
  }
  const lines = contenders.map(({ name }, index) => {
    const { median, min, max } = figureOf(name, rates[index] ?? [], []);
    const cells = [name, rounded(median), `${rounded(min)}–${rounded(max)}`, rounded(reached[index] ?? 0)];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    `### ${writers} writers on one stream, until ${rounded(wanted)} appends have succeeded or ${limitMs / 1_000} seconds are over`,
    '',
    '| | successes a second | min–max | successes of the slowest round |',
    '| --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

async function race(
  { name, store, append }: Contender,
  limit: number,
): Promise<{ successes: number; ms: number }> {
  const id = newId();
  await store.append(id, 0, 1);
  const from = performance.now();
  let started = 0;
  let successes = 0;
  const write = async (): Promise<void> => {
    for (let known = 1; started < wanted && performance.now() - from < limit;) {
      started++;
      known = await append(id, known);
      successes++;
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  const ms = performance.now() - from;
  const version = await store.load(id);
  if (version !== successes + 1)
    throw new Error(`${name} has ${version} events, where ${successes + 1} were acknowledged.`);
  return { successes, ms };
}
