import assert from 'node:assert/strict';
import { DuplicateEventIdError, WrongExpectedVersionError } from '../event-store/errors';
import { ContractCase, newEvent, newEvents, newStream, readWhole } from './contract-case';

/** Expected versions, one append after the other. */
export const versionCases: readonly ContractCase[] = [
  {
    name: 'an append to a new stream gives version 1 and its position',
    async run(store) {
      const stream = newStream();
      const before = await store.head();
      const result = await store.appendToStream(stream, [newEvent()], { expectedVersion: 'no-stream' });
      const [stored] = await readWhole(store, stream);
      assert.equal(result.version, 1);
      assert.ok(result.position > before);
      assert.equal(result.position, stored?.position);
    },
  },
  {
    name: 'an append of several events gives the version and position of the last',
    async run(store) {
      const stream = newStream();
      await store.appendToStream(stream, newEvents(2), { expectedVersion: 0 });
      const result = await store.appendToStream(stream, newEvents(3), { expectedVersion: 2 });
      const events = await readWhole(store, stream);
      assert.deepEqual(
        events.map((event) => event.version),
        [1, 2, 3, 4, 5],
      );
      assert.equal(result.version, 5);
      assert.equal(result.position, events.at(-1)?.position);
    },
  },
  {
    name: 'an append ahead of the head is refused and tells the actual version',
    async run(store) {
      const stream = newStream();
      await store.appendToStream(stream, [newEvent()], { expectedVersion: 0 });
      await assert.rejects(store.appendToStream(stream, [newEvent()], { expectedVersion: 2 }), (error) => {
        assert.ok(error instanceof WrongExpectedVersionError);
        assert.equal(error.actualVersion, 1);
        return true;
      });
    },
  },
  {
    name: 'an append behind the head is refused',
    async run(store) {
      const stream = newStream();
      await store.appendToStream(stream, newEvents(3), { expectedVersion: 0 });
      await assert.rejects(
        store.appendToStream(stream, [newEvent()], { expectedVersion: 2 }),
        WrongExpectedVersionError,
      );
    },
  },
  {
    name: '"no-stream" is refused for a stream that exists',
    async run(store) {
      const stream = newStream();
      await store.appendToStream(stream, [newEvent()], { expectedVersion: 'no-stream' });
      await assert.rejects(
        store.appendToStream(stream, [newEvent()], { expectedVersion: 'no-stream' }),
        WrongExpectedVersionError,
      );
    },
  },
  {
    name: '"stream-exists" is refused for a stream that does not',
    async run(store) {
      const stream = newStream();
      await assert.rejects(
        store.appendToStream(stream, [newEvent()], { expectedVersion: 'stream-exists' }),
        WrongExpectedVersionError,
      );
      await store.appendToStream(stream, [newEvent()], { expectedVersion: 'any' });
      const result = await store.appendToStream(stream, [newEvent()], { expectedVersion: 'stream-exists' });
      assert.equal(result.version, 2);
    },
  },
  {
    name: '"any" appends to whichever version there is',
    async run(store) {
      const stream = newStream();
      for (const version of [1, 2, 3]) {
        const result = await store.appendToStream(stream, [newEvent()], { expectedVersion: 'any' });
        assert.equal(result.version, version);
      }
    },
  },
  {
    name: 'an empty append checks the version, and stores nothing',
    async run(store) {
      const stream = newStream();
      const empty = await store.appendToStream(stream, [], { expectedVersion: 'no-stream' });
      assert.deepEqual(empty, { version: 0, position: 0n });
      const stored = await store.appendToStream(stream, newEvents(2), { expectedVersion: 0 });
      assert.deepEqual(await store.appendToStream(stream, [], { expectedVersion: 2 }), stored);
      for (const expectedVersion of [0, 1, 3, 'no-stream'] as const) {
        await assert.rejects(
          store.appendToStream(stream, [], { expectedVersion }),
          WrongExpectedVersionError,
        );
      }
      assert.equal((await readWhole(store, stream)).length, 2);
    },
  },
  {
    name: 'a refused append stores nothing, whatever else it holds',
    async run(store) {
      const stream = newStream();
      const [taken] = newEvents(1);
      assert.ok(taken);
      await store.appendToStream(stream, [taken], { expectedVersion: 0 });
      const before = await store.head();
      await assert.rejects(store.appendToStream(stream, newEvents(3), { expectedVersion: 0 }));
      await assert.rejects(store.appendToStream(newStream(), [newEvent(), taken], { expectedVersion: 0 }));
      assert.equal(await store.head(), before);
      assert.equal((await readWhole(store, stream)).length, 1);
    },
  },
  {
    name: 'an event id that another stream has is refused',
    async run(store) {
      const event = newEvent();
      await store.appendToStream(newStream(), [event], { expectedVersion: 0 });
      for (const expectedVersion of [0, 'no-stream', 'any'] as const) {
        await assert.rejects(
          store.appendToStream(newStream(), [event], { expectedVersion }),
          DuplicateEventIdError,
        );
      }
    },
  },
  {
    name: 'an event id twice in one append is refused',
    async run(store) {
      const event = newEvent();
      await assert.rejects(
        store.appendToStream(newStream(), [event, event], { expectedVersion: 'any' }),
        DuplicateEventIdError,
      );
    },
  },
];
