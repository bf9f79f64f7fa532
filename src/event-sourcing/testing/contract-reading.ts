import assert from 'node:assert/strict';
import { RecordedEvent } from '../event-store/event-envelope';
import { EventStore, ReadStreamOptions } from '../event-store/event-store';
import { WrongExpectedVersionError } from '../event-store/errors';
import { ContractCase, newEvent, newEvents, newStream, readLogAfter, readWhole } from './contract-case';

/** Reading, in order and page by page, also while others write. */
export const readingCases: readonly ContractCase[] = [
  {
    name: 'a stream that does not exist has no events',
    async run(store) {
      assert.deepEqual(await readWhole(store, newStream()), []);
    },
  },
  {
    name: 'a stream is read after a version, up to a limit, beyond the size of a page',
    async run(store) {
      const stream = newStream();
      for (const expectedVersion of [0, 900, 1_800]) {
        await store.appendToStream(stream, newEvents(900), { expectedVersion });
      }
      assert.equal(await versions(store, stream, {}), '1–2700');
      assert.equal(await versions(store, stream, { after: 10, limit: 5 }), '11–15');
      assert.equal(await versions(store, stream, { after: 500, limit: 1_500 }), '501–2000');
      assert.equal(await versions(store, stream, { after: 2_699, limit: 5 }), '2700');
      assert.equal(await versions(store, stream, { after: 2_700 }), '');
      assert.equal(await versions(store, stream, { limit: 0 }), '');
    },
  },
  {
    name: 'the log is read page by page without a hole, and its end is its head',
    async run(store) {
      const before = await store.head();
      await store.appendToStream(newStream(), newEvents(7), { expectedVersion: 0 });
      await store.appendToStream(newStream(), newEvents(5), { expectedVersion: 0 });
      const page = await store.readAll({ after: before, limit: 5 });
      assert.deepEqual(
        page.map((event) => event.position),
        [1n, 2n, 3n, 4n, 5n].map((n) => before + n),
      );
      const all = await readLogAfter(store, before);
      assertDense(all, before);
      assert.ok(all.length >= 12);
      assert.equal(await store.head(), all.at(-1)?.position);
      assert.deepEqual(await store.readAll({ after: await store.head() }), []);
    },
  },
  {
    name: 'what a reader does to an event leaves the log as it is',
    async run(store) {
      const stream = newStream();
      const event = newEvent({ list: [1] });
      await store.appendToStream(stream, [event], { expectedVersion: 0 });
      const [read] = await readWhole(store, stream);
      (read?.data.list as number[]).push(2);
      (event.data.list as number[]).push(3);
      const [again] = await readWhole(store, stream);
      assert.deepEqual(again?.data, { list: [1] });
    },
  },
  {
    name: 'streams of the same id and another type are strangers',
    async run(store) {
      const stream = newStream();
      const namesake = { type: `${stream.type}2`, id: stream.id };
      await store.appendToStream(stream, newEvents(2), { expectedVersion: 0 });
      await store.appendToStream(namesake, newEvents(1), { expectedVersion: 0 });
      assert.equal((await readWhole(store, stream)).length, 2);
      assert.equal((await readWhole(store, namesake)).length, 1);
    },
  },
  {
    name: 'appends to many streams at once all succeed, each stream in order',
    async run(store) {
      const streams = Array.from({ length: 40 }, newStream);
      await Promise.all(
        streams.map(async (stream) => {
          for (const expectedVersion of [0, 2, 4]) {
            await store.appendToStream(stream, newEvents(2), { expectedVersion });
          }
        }),
      );
      for (const stream of streams) {
        const events = await readWhole(store, stream);
        assert.deepEqual(
          events.map((event) => event.version),
          range(1, 6),
        );
        assert.deepEqual(
          [...events].sort((a, b) => Number(a.position - b.position)),
          events,
        );
      }
    },
  },
  {
    name: 'of appends with the same expected version at once exactly one succeeds',
    async run(store) {
      const stream = newStream();
      for (let version = 0; version < 5; version++) {
        const outcomes = await Promise.allSettled(
          Array.from({ length: 16 }, () =>
            store.appendToStream(stream, [newEvent()], { expectedVersion: version }),
          ),
        );
        const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
        assert.equal(lost.length, 15);
        for (const { reason } of lost) assert.ok(reason instanceof WrongExpectedVersionError);
      }
      assert.equal(await versions(store, stream, {}), '1–5');
    },
  },
  {
    name: 'a reader that follows the log while 32 writers append misses nothing and sees no disorder',
    async run(store) {
      const before = await store.head();
      let isWriting = true;
      const writers = Promise.allSettled(Array.from({ length: 32 }, () => writeSome(store)));
      void writers.then(() => (isWriting = false));
      const seen: RecordedEvent[] = [];
      for (let isLast = false; !isLast;) {
        isLast = !isWriting;
        seen.push(...(await readLogAfter(store, seen.at(-1)?.position ?? before)));
        await new Promise((resolve) => setImmediate(resolve));
      }
      const written = (await writers).flatMap((outcome) => {
        if (outcome.status === 'rejected') throw outcome.reason;
        return outcome.value;
      });
      assertDense(seen, before);
      const ids = new Set(seen.map((event) => event.id));
      assert.deepEqual(
        written.filter((id) => !ids.has(id)),
        [],
      );
    },
  },
];

async function writeSome(store: EventStore): Promise<string[]> {
  const stream = newStream();
  const ids: string[] = [];
  for (let turn = 0; turn < 10; turn++) {
    const events = newEvents(1 + (turn % 3));
    const result = await store.appendToStream(stream, events, { expectedVersion: ids.length });
    ids.push(...events.map((event) => event.id));
    assert.equal(result.version, ids.length);
  }
  return ids;
}

/** Positions without a hole after `before`; in each stream versions that only rise. */
function assertDense(events: readonly RecordedEvent[], before: bigint): void {
  const last = new Map<string, number>();
  events.forEach((event, index) => {
    assert.equal(event.position, before + BigInt(index) + 1n);
    const key = `${event.stream.type}/${event.stream.id}`;
    assert.equal(event.version, (last.get(key) ?? event.version - 1) + 1);
    last.set(key, event.version);
  });
}

/** As text, such as `1–900, 902`: an assertion that two long lists are equal takes seconds to describe how they differ. */
async function versions(
  store: EventStore,
  stream: Parameters<EventStore['readStream']>[0],
  options: ReadStreamOptions,
): Promise<string> {
  const runs: [first: number, last: number][] = [];
  for await (const { version } of store.readStream(stream, options)) {
    const run = runs.at(-1);
    if (run && run[1] + 1 === version) run[1] = version;
    else runs.push([version, version]);
  }
  return runs.map(([first, last]) => (first === last ? String(first) : `${first}–${last}`)).join(', ');
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
