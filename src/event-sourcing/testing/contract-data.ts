import assert from 'node:assert/strict';
import { runInMessageContext } from '../messaging/message-context';
import { appendLimits } from '../event-store/append-limits';
import { InvalidAppendError } from '../event-store/errors';
import { NewEvent } from '../event-store/event-envelope';
import { ContractCase, newEvent, newEvents, newStream, readWhole } from './contract-case';

const awkward: NewEvent['data'] = {
  text: 'ä € 𝄞 👩‍👩‍👧 العربية עברית \u200d\u202e\ufeff \\ " \' \u0001 \u2028',
  binary: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('base64'),
  numbers: [0, -1, 0.1, 1e-7, 5e-324, 1e15 + 0.3, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, -0.5],
  nested: { null: null, empty: {}, list: [[], [{}], [null, true, false]], '': 'an empty name', 'a b\n': 1 },
  constructor: 'a word like any other',
  order: { z: 1, a: 2, aa: 3 },
};

const refused: readonly (readonly [what: string, value: unknown])[] = [
  ['NUL', 'a\u0000b'],
  ['a lone high surrogate', 'a\ud800'],
  ['a lone low surrogate', '\udc00b'],
  ['NaN', Number.NaN],
  ['infinity', -Infinity],
  ['negative zero', -0],
  ['a whole number of 2^53', 2 ** 53],
  ['a whole number below -2^53', -(2 ** 53) - 2],
  ['a whole number that few digits write', 1e21],
  ['a bigint', 1n],
  ['a function', () => 1],
  ['a symbol', Symbol('s')],
  ['a date', new Date(0)],
  ['a map', new Map()],
  ['undefined inside a list', [undefined]],
  ['a member named __proto__', JSON.parse('{"__proto__":{"polluted":true}}')],
  ['NUL in a member name', { 'a\u0000': 1 }],
  ['nesting without end', nested(appendLimits.jsonDepth + 1)],
  ['more bytes than allowed', 'x'.repeat(appendLimits.bytesPerEvent)],
];

/** What goes in comes out, or is refused. */
export const dataCases: readonly ContractCase[] = [
  {
    name: 'data comes back as it was given: Unicode, binary as text, numbers, nesting, null, order of members',
    async run(store) {
      const stream = newStream();
      await store.appendToStream(stream, [newEvent(awkward)], { expectedVersion: 0 });
      const [stored] = await readWhole(store, stream);
      assert.equal(JSON.stringify(stored?.data), JSON.stringify(awkward));
    },
  },
  {
    name: 'the envelope comes back as it was given, with a time stamp of the store',
    async run(store) {
      const stream = newStream();
      const event = { ...newEvent({ a: 1 }), type: 'Something happened ✓', schemaVersion: 3 };
      await store.appendToStream(stream, [event], { expectedVersion: 0 });
      const [stored] = await readWhole(store, stream);
      assert.deepEqual(
        { id: stored?.id, type: stored?.type, schemaVersion: stored?.schemaVersion, stream: stored?.stream },
        { id: event.id, type: event.type, schemaVersion: 3, stream },
      );
      assert.ok(stored && Math.abs(stored.timestamp.getTime() - Date.now()) < 3_600_000);
      assert.deepEqual(await readFirst(store, stored.position), stored);
    },
  },
  {
    name: 'metadata always has correlation id, causation id and actor',
    async run(store) {
      const stream = newStream();
      await store.appendToStream(stream, [newEvent()], { expectedVersion: 0 });
      await runInMessageContext({ correlationId: 'c-1', causationId: 'c-2', actor: 'ada' }, () =>
        store.appendToStream(stream, [{ ...newEvent(), metadata: { actor: 'bob', tenant: 't' } }], {
          expectedVersion: 1,
        }),
      );
      const [outside, inside] = await readWhole(store, stream);
      for (const member of ['correlationId', 'causationId', 'actor']) {
        assert.equal(typeof outside?.metadata[member], 'string');
      }
      assert.deepEqual(inside?.metadata, {
        correlationId: 'c-1',
        causationId: 'c-2',
        actor: 'bob',
        tenant: 't',
      });
    },
  },
  ...refused.map(([what, value]): ContractCase => ({
    name: `${what} is refused before it is stored`,
    async run(store) {
      const stream = newStream();
      for (const event of [newEvent({ value }), { ...newEvent(), metadata: { value } }])
        await assert.rejects(
          store.appendToStream(stream, [newEvent(), event], { expectedVersion: 0 }),
          InvalidAppendError,
        );
      assert.deepEqual(await readWhole(store, stream), []);
      assert.equal('polluted' in {}, false);
    },
  })),
  {
    name: 'lengths and counts beyond the limits are refused, and those at the limits are not',
    async run(store) {
      const longest = 'n'.repeat(appendLimits.nameLength);
      const atTheLimit = {
        type: longest,
        id: `${newStream().id}${longest}`.slice(0, appendLimits.nameLength),
      };
      await store.appendToStream(atTheLimit, newEvents(appendLimits.eventsPerAppend), { expectedVersion: 0 });
      const beyond: Parameters<typeof store.appendToStream>[] = [
        [{ type: `${longest}n`, id: 'x' }, [newEvent()], { expectedVersion: 0 }],
        [{ type: 'x', id: `${longest}n` }, [newEvent()], { expectedVersion: 0 }],
        [{ type: '', id: 'x' }, [newEvent()], { expectedVersion: 0 }],
        [newStream(), [{ ...newEvent(), type: `${longest}n` }], { expectedVersion: 0 }],
        [newStream(), newEvents(appendLimits.eventsPerAppend + 1), { expectedVersion: 0 }],
        [newStream(), [{ ...newEvent(), id: 'no uuid' }], { expectedVersion: 0 }],
        [newStream(), [newEvent()], { expectedVersion: -1 }],
        [newStream(), [newEvent()], { expectedVersion: 1.5 }],
      ];
      for (const given of beyond) await assert.rejects(store.appendToStream(...given), InvalidAppendError);
    },
  },
];

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)];
}

async function readFirst(store: Parameters<ContractCase['run']>[0], position: bigint) {
  const [event] = await store.readAll({ after: position - 1n, limit: 1 });
  return event;
}
