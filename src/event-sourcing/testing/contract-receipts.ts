import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { InvalidAppendError, ReceiptExistsError, WrongExpectedVersionError } from '../event-store/errors';
import { Receipt } from '../messaging/receipt';
import { ContractCase, newEvent, newEvents, newReceipt, newStream, readWhole } from './contract-case';

/** Receipts of requests, and what they guard. */
export const receiptCases: readonly ContractCase[] = [
  {
    name: 'a receipt is stored with its append, and tells where that left the stream',
    async run(store) {
      const stream = newStream();
      const receipt = newReceipt();
      assert.equal(await store.findReceipt(receipt.caller, receipt.key), undefined);
      const result = await store.appendToStream(stream, newEvents(2), { expectedVersion: 0, receipt });
      await store.appendToStream(stream, [newEvent()], { expectedVersion: 2 });
      const found = await store.findReceipt(receipt.caller, receipt.key);
      assert.deepEqual(found, { fingerprint: 'create', stream, ...result });
    },
  },
  {
    name: 'an append under a key that has a receipt is refused, and stores nothing',
    async run(store) {
      const receipt = newReceipt();
      const other = newStream();
      await store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0, receipt });
      const before = await store.findReceipt(receipt.caller, receipt.key);
      const again = { ...receipt, fingerprint: 'another' };
      await assert.rejects(
        store.appendToStream(other, [newEvent()], { expectedVersion: 0, receipt: again }),
        ReceiptExistsError,
      );
      assert.deepEqual(await readWhole(store, other), []);
      assert.deepEqual(await store.findReceipt(receipt.caller, receipt.key), before);
    },
  },
  {
    name: 'a receipt counts for more than a version, a taken claim and an event id',
    async run(store) {
      const stream = newStream();
      const receipt = newReceipt();
      const events = [newEvent()];
      const claims = [{ scope: 'contract.value', value: uuidv7() }];
      const taken = [newEvent()];
      await store.appendToStream(newStream(), taken, { expectedVersion: 0 });
      await store.appendToStream(stream, events, { expectedVersion: 0, receipt, claims });
      const repeated = [
        store.appendToStream(stream, [newEvent()], { expectedVersion: 0, receipt }),
        store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0, receipt, claims }),
        store.appendToStream(newStream(), taken, { expectedVersion: 0, receipt }),
      ];
      const outcomes = await Promise.allSettled(repeated);
      for (const outcome of outcomes)
        assert.ok(outcome.status === 'rejected' && outcome.reason instanceof ReceiptExistsError);
      assert.equal((await readWhole(store, stream)).length, 1);
    },
  },
  {
    name: 'an append that is repeated as it was, with its receipt, gives the first result',
    async run(store) {
      const stream = newStream();
      const events = newEvents(2);
      const options = { expectedVersion: 0, receipt: newReceipt() };
      const first = await store.appendToStream(stream, events, options);
      assert.deepEqual(await store.appendToStream(stream, events, options), first);
    },
  },
  {
    name: 'a refused append leaves no receipt',
    async run(store) {
      const stream = newStream();
      const receipt = newReceipt();
      await store.appendToStream(stream, [newEvent()], { expectedVersion: 0 });
      await assert.rejects(
        store.appendToStream(stream, [newEvent()], { expectedVersion: 0, receipt }),
        WrongExpectedVersionError,
      );
      assert.equal(await store.findReceipt(receipt.caller, receipt.key), undefined);
      await store.appendToStream(stream, [newEvent()], { expectedVersion: 1, receipt });
    },
  },
  {
    name: 'an empty append keeps its receipt, where it passes the check of the version',
    async run(store) {
      const stream = newStream();
      const [refused, kept, ofNothing] = [newReceipt(), newReceipt(), newReceipt()];
      const result = await store.appendToStream(stream, newEvents(3), { expectedVersion: 0 });
      await assert.rejects(
        store.appendToStream(stream, [], { expectedVersion: 2, receipt: refused }),
        WrongExpectedVersionError,
      );
      assert.equal(await store.findReceipt(refused.caller, refused.key), undefined);
      await store.appendToStream(stream, [], { expectedVersion: 3, receipt: kept });
      const found = await store.findReceipt(kept.caller, kept.key);
      assert.deepEqual(found, { fingerprint: 'create', stream, ...result });
      const empty = newStream();
      await store.appendToStream(empty, [], { expectedVersion: 0, receipt: ofNothing });
      const foundEmpty = await store.findReceipt(ofNothing.caller, ofNothing.key);
      assert.deepEqual(foundEmpty, { fingerprint: 'create', stream: empty, version: 0, position: 0n });
    },
  },
  {
    name: 'keys of different callers, and different keys of one caller, never meet',
    async run(store) {
      const key = uuidv7();
      const receipts = [
        newReceipt({ caller: 'ada', key }),
        newReceipt({ caller: 'grace', key }),
        newReceipt({ caller: 'ada', key: `${key}2` }),
        newReceipt({ caller: 'ad', key: `a${key}` }),
        newReceipt({ caller: 'Ada', key }),
      ];
      for (const receipt of receipts) {
        assert.equal(await store.findReceipt(receipt.caller, receipt.key), undefined);
        const stream = newStream();
        await store.appendToStream(stream, [newEvent()], { expectedVersion: 0, receipt });
        const found = await store.findReceipt(receipt.caller, receipt.key);
        assert.ok(found && 'stream' in found);
        assert.deepEqual(found.stream, stream);
      }
    },
  },
  {
    name: 'a receipt that cannot be kept is refused, with its append',
    async run(store) {
      const stream = newStream();
      const bad: readonly Partial<Receipt>[] = [
        ...[{ caller: '' }, { caller: 'x'.repeat(513) }, { key: '' }, { key: 'x'.repeat(256) }],
        ...[{ key: 'a\u0000b' }, { fingerprint: '' }, { keepSeconds: -1 }, { keepSeconds: 0.5 }],
      ];
      for (const given of bad) {
        const receipt = newReceipt(given);
        const options = { expectedVersion: 0, receipt };
        await assert.rejects(store.appendToStream(stream, [newEvent()], options), InvalidAppendError);
        await assert.rejects(store.keepReceipt(receipt, 'note'), InvalidAppendError);
      }
      for (const note of ['', 'x'.repeat(16_385)])
        await assert.rejects(store.keepReceipt(newReceipt(), note), InvalidAppendError);
      assert.deepEqual(await readWhole(store, stream), []);
    },
  },
];
