import assert from 'node:assert/strict';
import { DuplicateEventIdError, WrongExpectedVersionError } from '../event-store/errors';
import { ExpectedVersion } from '../event-store/event-store';
import { ContractCase, newEvents, newStream, readWhole } from './contract-case';

/** An append: the letters of its event ids, and the version that it expects. */
type Append = readonly [ids: string, expected: ExpectedVersion];
type Outcome = { readonly version: number } | typeof WrongExpectedVersionError | typeof DuplicateEventIdError;

interface Retry {
  readonly stored: readonly Append[];
  readonly again: readonly Append[];
  readonly gives: Outcome;
}

const sixInARow: readonly Append[] = [
  ['a', 'no-stream'],
  ['b', 1],
  ['c', 2],
  ['d', 3],
  ['e', 4],
  ['f', 5],
];
const pair: readonly Append[] = [['ab', 'no-stream']];

/** The sequences that event stores are classically put to, in the semantics of `EventStore`. */
const retries: readonly Retry[] = [
  { stored: sixInARow, again: [['a', 'no-stream']], gives: { version: 1 } },
  { stored: sixInARow, again: [['a', 'any']], gives: { version: 1 } },
  { stored: sixInARow, again: [['a', 6]], gives: DuplicateEventIdError },
  { stored: sixInARow, again: [['a', 7]], gives: WrongExpectedVersionError },
  { stored: sixInARow, again: [['a', 5]], gives: WrongExpectedVersionError },
  { stored: [['a', 'no-stream']], again: [['a', 1]], gives: DuplicateEventIdError },
  { stored: [['a', 'no-stream']], again: [['a', 'any']], gives: { version: 1 } },
  { stored: [['a', 'no-stream']], again: [['a', 'no-stream']], gives: { version: 1 } },
  {
    stored: sixInARow.slice(0, 3),
    again: [
      ['b', 'any'],
      ['b', 'any'],
    ],
    gives: { version: 2 },
  },
  { stored: pair, again: [['a', 'no-stream']], gives: { version: 1 } },
  { stored: pair, again: [['a', 'any']], gives: { version: 1 } },
  { stored: pair, again: [['b', 1]], gives: { version: 2 } },
  { stored: pair, again: [['b', 'any']], gives: { version: 2 } },
  { stored: pair, again: [['abc', 'no-stream']], gives: WrongExpectedVersionError },
  // and, where this store says more than most:
  {
    stored: pair,
    again: [
      ['ab', 'no-stream'],
      ['ab', 0],
    ],
    gives: { version: 2 },
  },
  { stored: sixInARow, again: [['cd', 2]], gives: { version: 4 } },
  { stored: sixInARow, again: [['cd', 'stream-exists']], gives: { version: 4 } },
  { stored: sixInARow, again: [['ef', 'any']], gives: { version: 6 } },
  { stored: sixInARow, again: [['efg', 'any']], gives: DuplicateEventIdError },
  { stored: sixInARow, again: [['efg', 4]], gives: WrongExpectedVersionError },
  { stored: sixInARow, again: [['ga', 'any']], gives: DuplicateEventIdError },
  { stored: sixInARow, again: [['ag', 0]], gives: DuplicateEventIdError },
  { stored: sixInARow, again: [['ba', 'any']], gives: DuplicateEventIdError },
  { stored: sixInARow, again: [['ga', 6]], gives: DuplicateEventIdError },
  { stored: sixInARow, again: [['g', 0]], gives: WrongExpectedVersionError },
];

export const retryCases: readonly ContractCase[] = retries.map((retry) => ({
  name: `after ${written(retry.stored)}, ${written(retry.again)} gives ${outcomeName(retry.gives)}`,
  async run(store) {
    const stream = newStream();
    const events = new Map(newEvents(7).map((event, index) => ['abcdefg'.charAt(index), event]));
    const append = ([ids, expectedVersion]: Append) =>
      store.appendToStream(
        stream,
        [...ids].flatMap((id) => events.get(id) ?? []),
        { expectedVersion },
      );
    for (const one of retry.stored) await append(one);
    const before = await readWhole(store, stream);
    for (const one of retry.again) {
      if (typeof retry.gives === 'function') {
        await assert.rejects(append(one), retry.gives);
      } else {
        const { version } = retry.gives;
        assert.deepEqual(await append(one), { version, position: before[version - 1]?.position });
      }
    }
    assert.deepEqual(await readWhole(store, stream), before);
  },
}));

function written(appends: readonly Append[]): string {
  return appends.map(([ids, expected]) => `[${[...ids].join(' ')}]@${expected}`).join(' ');
}

function outcomeName(outcome: Outcome): string {
  return typeof outcome === 'function' ? outcome.name : `the first result, version ${outcome.version}`;
}
