import assert from 'node:assert/strict';
import { ReceiptExistsError } from '../event-store/errors';
import { ContractCase, newEvent, newReceipt, newStream, readWhole } from './contract-case';

/** Receipts that are kept without an append, and the end of receipts. */
export const noteCases: readonly ContractCase[] = [
  {
    name: 'a note keeps its receipt without an append, and refuses later appends and notes',
    async run(store) {
      const receipt = newReceipt();
      const stream = newStream();
      await store.keepReceipt(receipt, 'refused: "ä" \\ 💶');
      await assert.rejects(store.keepReceipt(receipt, 'other'), ReceiptExistsError);
      const options = { expectedVersion: 0, receipt };
      await assert.rejects(store.appendToStream(stream, [newEvent()], options), ReceiptExistsError);
      assert.deepEqual(await readWhole(store, stream), []);
      const found = await store.findReceipt(receipt.caller, receipt.key);
      assert.deepEqual(found, { fingerprint: 'create', note: 'refused: "ä" \\ 💶' });
    },
  },
  {
    name: 'a note does not take the place of an append',
    async run(store) {
      const receipt = newReceipt();
      await store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0, receipt });
      const before = await store.findReceipt(receipt.caller, receipt.key);
      await assert.rejects(store.keepReceipt(receipt, 'refused'), ReceiptExistsError);
      assert.deepEqual(await store.findReceipt(receipt.caller, receipt.key), before);
    },
  },
  {
    name: 'a receipt that has run out counts no more: its key is free for an append and for a note',
    async run(store) {
      const receipt = newReceipt({ keepSeconds: 0 });
      await store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0, receipt });
      assert.equal(await store.findReceipt(receipt.caller, receipt.key), undefined);
      await store.keepReceipt(receipt, 'first note');
      await store.keepReceipt({ ...receipt, keepSeconds: 0 }, 'second note');
      const stream = newStream();
      const kept = { ...receipt, fingerprint: 'later', keepSeconds: 3_600 };
      const result = await store.appendToStream(stream, [newEvent()], { expectedVersion: 0, receipt: kept });
      const found = await store.findReceipt(receipt.caller, receipt.key);
      assert.deepEqual(found, { fingerprint: 'later', stream, ...result });
    },
  },
  {
    name: 'receipts that have run out are deleted, no more than asked for, and no others',
    async run(store) {
      const kept = newReceipt();
      await store.keepReceipt(kept, 'kept');
      const expired = [1, 2, 3].map(() => newReceipt({ keepSeconds: 0 }));
      for (const receipt of expired) await store.keepReceipt(receipt, 'expired');
      assert.equal(await store.deleteExpiredReceipts(2), 2);
      assert.ok((await store.deleteExpiredReceipts(1_000)) >= 1);
      assert.equal(await store.deleteExpiredReceipts(1_000), 0);
      const found = await store.findReceipt(kept.caller, kept.key);
      assert.deepEqual(found, { fingerprint: 'create', note: 'kept' });
    },
  },
  {
    name: 'of many appends and notes under one key at once, one is stored',
    async run(store) {
      const receipt = newReceipt();
      const streams = Array.from({ length: 10 }, newStream);
      const outcomes = await Promise.allSettled([
        ...streams.map((stream) =>
          store.appendToStream(stream, [newEvent()], { expectedVersion: 0, receipt: { ...receipt } }),
        ),
        ...streams.map((_stream, index) => store.keepReceipt(receipt, `note ${index}`)),
      ]);
      const failures = outcomes.flatMap((outcome) =>
        outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
      );
      assert.equal(failures.length, 19);
      for (const failure of failures) assert.ok(failure instanceof ReceiptExistsError);
      let events = 0;
      for (const stream of streams) events += (await readWhole(store, stream)).length;
      const found = await store.findReceipt(receipt.caller, receipt.key);
      assert.ok(found);
      assert.equal(events, 'note' in found ? 0 : 1);
    },
  },
];
