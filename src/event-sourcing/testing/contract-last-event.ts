import assert from 'node:assert/strict';
import { InvalidAppendError, ReceiptExistsError, WrongExpectedVersionError } from '../event-store/errors';
import { NewEvent, StreamId } from '../event-store/event-envelope';
import { AppendOptions, EventStore } from '../event-store/event-store';
import { ContractCase, newEvent, newEvents, newReceipt, newStream, readWhole } from './contract-case';

interface Stored {
  readonly stream: StreamId;
  readonly lastEventId: string;
}

async function storedStream(store: EventStore): Promise<Stored> {
  const stream = newStream();
  const [first, last] = newEvents(2) as [NewEvent, NewEvent & { id: string }];
  await store.appendToStream(stream, [first, last], { expectedVersion: 0 });
  return { stream, lastEventId: last.id };
}

/** One append for each way that a store may have for it. */
function waysToAppend(): readonly (readonly [readonly NewEvent[], Partial<AppendOptions>])[] {
  const claim = { scope: 'contract.last-event', value: newEvent().id };
  return [
    [newEvents(1), {}],
    [newEvents(1), { claims: [claim], releases: [claim] }],
    [newEvents(1), { receipt: newReceipt() }],
    [newEvents(3), {}],
    [[], {}],
    [[], { receipt: newReceipt() }],
  ];
}

function isRefusal(error: unknown): boolean {
  assert.ok(error instanceof WrongExpectedVersionError, String(error));
  assert.equal(error.actualVersion, 2);
  return true;
}

/** Appends that tell which event they expect at their version. */
export const lastEventCases: readonly ContractCase[] = [
  {
    name: 'an append that tells the last event of its stream is stored, also when it is sent again',
    async run(store) {
      for (const [events, more] of waysToAppend()) {
        const { stream, lastEventId } = await storedStream(store);
        const options = { expectedVersion: 2, lastEventId: lastEventId.toUpperCase(), ...more };
        const result = await store.appendToStream(stream, events, options);
        assert.equal(result.version, 2 + events.length);
        if (events.length > 0) assert.deepEqual(await store.appendToStream(stream, events, options), result);
      }
    },
  },
  {
    name: 'an append that tells another event than the last one is refused at the right version, and stores nothing',
    async run(store) {
      for (const [events, more] of waysToAppend()) {
        const { stream } = await storedStream(store);
        const options = { expectedVersion: 2, lastEventId: newEvent().id, ...more };
        const before = await store.head();
        await assert.rejects(store.appendToStream(stream, events, options), isRefusal);
        assert.equal(await store.head(), before);
        if (more.receipt)
          assert.equal(await store.findReceipt(more.receipt.caller, more.receipt.key), undefined);
        for (const claim of more.claims ?? [])
          await store.appendToStream(newStream(), newEvents(1), { expectedVersion: 0, claims: [claim] });
      }
    },
  },
  {
    name: 'of appends that are sent at once, only the one that tells another last event is refused',
    async run(store) {
      for (const [events, more] of waysToAppend()) {
        const streams = await Promise.all([1, 2, 3, 4].map(() => storedStream(store)));
        const sent = streams.map(({ stream, lastEventId }, index) =>
          index === 2
            ? store.appendToStream(stream, events, {
                expectedVersion: 2,
                ...more,
                lastEventId: newEvent().id,
              })
            : store.appendToStream(stream, newEvents(1), { expectedVersion: 2, lastEventId }),
        );
        const [first, second, third, fourth] = await Promise.allSettled(sent);
        for (const stored of [first, second, fourth]) assert.equal(stored?.status, 'fulfilled');
        assert.ok(third?.status === 'rejected' && isRefusal(third.reason));
        const lengths = streams.map(async ({ stream }) => (await readWhole(store, stream)).length);
        assert.deepEqual(await Promise.all(lengths), [3, 3, 2, 3]);
      }
    },
  },
  {
    name: 'a claim that is taken is told only behind the right last event',
    async run(store) {
      const claims = [{ scope: 'contract.last-event', value: newEvent().id }];
      await store.appendToStream(newStream(), newEvents(1), { expectedVersion: 0, claims });
      const { stream } = await storedStream(store);
      const options = { expectedVersion: 2, lastEventId: newEvent().id, claims };
      await assert.rejects(store.appendToStream(stream, newEvents(1), options), isRefusal);
    },
  },
  {
    name: 'a receipt that is there already counts for more than another last event',
    async run(store) {
      const receipt = newReceipt();
      const { stream, lastEventId } = await storedStream(store);
      await store.appendToStream(stream, newEvents(1), { expectedVersion: 2, lastEventId, receipt });
      const options = { expectedVersion: 3, lastEventId: newEvent().id, receipt };
      await assert.rejects(store.appendToStream(stream, newEvents(1), options), ReceiptExistsError);
    },
  },
  {
    name: 'the id of a last event is refused where it is no UUID, and without a version that has one',
    async run(store) {
      const { stream, lastEventId } = await storedStream(store);
      const refused: AppendOptions[] = [
        { expectedVersion: 2, lastEventId: 'last' },
        ...([0, 'no-stream', 'stream-exists', 'any'] as const).map((expectedVersion) => ({
          expectedVersion,
          lastEventId,
        })),
      ];
      for (const options of refused)
        await assert.rejects(store.appendToStream(stream, newEvents(1), options), InvalidAppendError);
    },
  },
];
