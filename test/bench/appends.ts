import { newId } from '../../src/event-sourcing/new-id';
import { BenchStore } from './bench-store';
import { Contestant } from './measure';

/** One event to a new stream. */
export function appendToNewStream(store: BenchStore): Contestant {
  return {
    name: store.name,
    once: async () => {
      await store.append(newId(), 0, 1);
      return 1;
    },
  };
}

/** Streams of a command cycle: as many as a fast store gives some ten commands each in a round. */
const cycleStreams = 1_000;
const eventsAtFirst = 10;
const eventsAtLast = 20;

/**
 * Load a stream of some ten events, decide, append one. Streams that have grown are replaced, so that a store which is faster
 * does not load more at each command.
 */
export function commandCycle(store: BenchStore): Contestant {
  const versions = new Map<string, number>();
  let ids: readonly string[] = [];
  const busy = new Set<string>();
  let next = 0;
  const nextFree = (): string => {
    for (;;) {
      const id = ids[next++ % ids.length] ?? '';
      if (!busy.has(id)) return id;
    }
  };
  return {
    name: store.name,
    prepare: async () => {
      const kept = ids.filter((id) => (versions.get(id) ?? 0) < eventsAtLast);
      const fresh = await streamsOf(store, cycleStreams - kept.length, eventsAtFirst);
      for (const id of fresh) versions.set(id, eventsAtFirst);
      ids = [...kept, ...fresh];
    },
    once: async () => {
      const id = nextFree();
      busy.add(id);
      if (store.command) await store.command(id);
      else await store.append(id, await store.load(id), 1);
      versions.set(id, (versions.get(id) ?? 0) + 1);
      busy.delete(id);
      return 1;
    },
    check: async () => {
      for (const id of ids.slice(0, 50)) {
        const version = await store.load(id);
        if (version === versions.get(id)) continue;
        throw new Error(`${store.name} has ${version} events, where ${versions.get(id)} were acknowledged.`);
      }
    },
  };
}

/** Loads a stream of a thousand events, counted in events. */
export async function loadThousand(store: BenchStore): Promise<Contestant> {
  const [id = ''] = await streamsOf(store, 1, 1_000);
  return {
    name: store.name,
    once: async () => {
      const version = await store.load(id);
      if (version !== 1_000) throw new Error(`${store.name} loaded ${version} of 1,000 events.`);
      return version;
    },
  };
}

async function streamsOf(store: BenchStore, streams: number, events: number): Promise<string[]> {
  const ids = Array.from({ length: streams }, () => newId());
  for (let at = 0; at < ids.length; at += 16)
    await Promise.all(ids.slice(at, at + 16).map((id) => store.append(id, 0, events)));
  return ids;
}

/** Follows the log by polling while 16 writers append for `ms`, and counts what it never saw. */
export async function followWriters(
  store: BenchStore,
  ms: number,
): Promise<{ written: number; lost: number; twice: number }> {
  const { tail, head } = store;
  if (!tail || !head) throw new Error(`${store.name} has no log to follow.`);
  const before = await head.call(store);
  let after = await lastPosition(store);
  const end = performance.now() + ms;
  let isWriting = true;
  const write = async (): Promise<void> => {
    while (performance.now() < end) await store.append(newId(), 0, 1);
  };
  const writing = Promise.all(Array.from({ length: 16 }, write)).finally(() => (isWriting = false));
  const seen = new Set<number>();
  let read = 0;
  for (let isLast = false; !isLast;) {
    isLast = !isWriting;
    for (let page = await tail.call(store, after, 1_000); page.length > 0;) {
      page.forEach((position) => seen.add(position));
      read += page.length;
      after = page.at(-1) ?? after;
      page = await tail.call(store, after, 1_000);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await writing;
  const written = (await head.call(store)) - before;
  return { written, lost: written - seen.size, twice: read - seen.size };
}

async function lastPosition(store: BenchStore): Promise<number> {
  let after = 0;
  for (;;) {
    const page = (await store.tail?.(after, 10_000)) ?? [];
    if (page.length === 0) return after;
    after = page.at(-1) ?? after;
  }
}
