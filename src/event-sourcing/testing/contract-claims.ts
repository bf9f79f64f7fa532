import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { ClaimTakenError, WrongExpectedVersionError } from '../event-store/errors';
import { ContractCase, newEvent, newStream, readWhole } from './contract-case';

function newClaim() {
  return { scope: 'contract.value', value: uuidv7() };
}

/** Values that one stream at a time may hold. */
export const claimCases: readonly ContractCase[] = [
  {
    name: 'a claimed value is refused to another stream, which stores nothing',
    async run(store) {
      const claim = newClaim();
      const other = newStream();
      await store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0, claims: [claim] });
      await assert.rejects(
        store.appendToStream(other, [newEvent()], { expectedVersion: 0, claims: [newClaim(), claim] }),
        (error) => {
          assert.ok(error instanceof ClaimTakenError);
          assert.deepEqual({ scope: error.claim.scope, value: error.claim.value }, claim);
          return true;
        },
      );
      assert.deepEqual(await readWhole(store, other), []);
    },
  },
  {
    name: 'the stream that holds a value may claim it again',
    async run(store) {
      const claim = newClaim();
      const stream = newStream();
      await store.appendToStream(stream, [newEvent()], { expectedVersion: 0, claims: [claim] });
      const result = await store.appendToStream(stream, [newEvent()], {
        expectedVersion: 1,
        claims: [claim],
      });
      assert.equal(result.version, 2);
    },
  },
  {
    name: 'a value that an append claims twice is claimed',
    async run(store) {
      const claim = newClaim();
      const twice = { expectedVersion: 0, claims: [claim, { ...claim }] };
      await store.appendToStream(newStream(), [newEvent()], twice);
      await assert.rejects(
        store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0, claims: [claim] }),
        ClaimTakenError,
      );
    },
  },
  {
    name: 'a released value is free for another stream',
    async run(store) {
      const claim = newClaim();
      const stream = newStream();
      await store.appendToStream(stream, [newEvent()], { expectedVersion: 0, claims: [claim] });
      await store.appendToStream(stream, [newEvent()], { expectedVersion: 1, releases: [claim] });
      await store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0, claims: [claim] });
    },
  },
  {
    name: 'a stream cannot release what another holds',
    async run(store) {
      const claim = newClaim();
      await store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0, claims: [claim] });
      await store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0, releases: [claim] });
      await assert.rejects(
        store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0, claims: [claim] }),
        ClaimTakenError,
      );
    },
  },
  {
    name: 'a stream of the same id and another type has no part in a claim',
    async run(store) {
      const claim = newClaim();
      const stream = newStream();
      const namesake = { ...stream, type: `${stream.type}Namesake` };
      await store.appendToStream(stream, [newEvent()], { expectedVersion: 0, claims: [claim] });
      await store.appendToStream(namesake, [newEvent()], { expectedVersion: 0, releases: [claim] });
      await assert.rejects(
        store.appendToStream(namesake, [newEvent()], { expectedVersion: 1, claims: [claim] }),
        ClaimTakenError,
      );
    },
  },
  {
    name: 'values of different scopes do not collide',
    async run(store) {
      const claim = newClaim();
      const other = { ...claim, scope: 'contract.other' };
      await store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0, claims: [claim] });
      await store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0, claims: [other] });
    },
  },
  {
    name: 'a refused append neither claims nor releases',
    async run(store) {
      const held = newClaim();
      const wanted = newClaim();
      const stream = newStream();
      await store.appendToStream(stream, [newEvent()], { expectedVersion: 0, claims: [held] });
      const refused = { expectedVersion: 0, claims: [wanted], releases: [held] };
      await assert.rejects(store.appendToStream(stream, [newEvent()], refused), WrongExpectedVersionError);
      await store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0, claims: [wanted] });
      await assert.rejects(
        store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0, claims: [held] }),
        ClaimTakenError,
      );
    },
  },
  {
    name: 'a retry gives the first result although its claim is taken, by itself',
    async run(store) {
      const stream = newStream();
      const events = [newEvent()];
      const options = { expectedVersion: 0, claims: [newClaim()] };
      const first = await store.appendToStream(stream, events, options);
      assert.deepEqual(await store.appendToStream(stream, events, options), first);
    },
  },
  {
    name: 'of many streams that claim one value at once, one gets it',
    async run(store) {
      const claims = [newClaim()];
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, () =>
          store.appendToStream(newStream(), [newEvent()], { expectedVersion: 0, claims }),
        ),
      );
      assert.equal(outcomes.filter((outcome) => outcome.status === 'fulfilled').length, 1);
    },
  },
];
