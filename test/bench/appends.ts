import { v7 as uuidv7 } from 'uuid';
import { EventSourcedRepository, RecordedEvent } from '../../src/event-sourcing';
import { BenchAggregate, Benched } from './bench-user';
import { Contestant } from './measure';
import { metadata, payload } from './payload';
import { BenchSystem } from './system';

/** One event to a new stream. */
export function appendToNewStream({ store }: BenchSystem): Contestant {
  return {
    name: 'append',
    once: async () => {
      const event = { type: 'Benched', data: payload, metadata: metadata() };
      await store.appendToStream({ type: 'Bench', id: uuidv7() }, [event], { expectedVersion: 'no-stream' });
      return 1;
    },
  };
}

/** Load a stream of ten events or more, decide, append one. */
export async function commandCycle({ store, registry }: BenchSystem): Promise<Contestant> {
  const repository = new EventSourcedRepository(BenchAggregate, store, registry);
  const ids = Array.from({ length: 1_000 }, () => uuidv7());
  const event = () => new Benched(payload.name, payload.email, payload.note);
  await Promise.all(
    ids.map(async (id) => {
      const aggregate = new BenchAggregate(id);
      for (let n = 0; n < 10; n++) aggregate.bench(event());
      await repository.save(aggregate);
    }),
  );
  let next = 0;
  return {
    name: 'command cycle',
    once: async () => {
      const id = ids[next++ % ids.length] ?? '';
      await repository.update(id, (aggregate) => aggregate.bench(event()));
      return 1;
    },
  };
}

/** Follows the log while `work` appends to it, and tells what it missed. */
export async function followWhile({ store }: BenchSystem, work: () => Promise<unknown>) {
  const before = await store.head();
  let isWorking = true;
  const working = work().finally(() => (isWorking = false));
  let seen = 0n;
  for (let isLast = false; !isLast;) {
    isLast = !isWorking;
    let page: readonly RecordedEvent[];
    do {
      page = await store.readAll({ after: before + seen, limit: 1_000 });
      if (page.some((event, index) => event.position !== before + seen + BigInt(index) + 1n)) {
        throw new Error(`The reader saw a hole after ${before + seen}.`);
      }
      seen += BigInt(page.length);
    } while (page.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await working;
  const written = (await store.head()) - before;
  return { written, lost: written - seen };
}
