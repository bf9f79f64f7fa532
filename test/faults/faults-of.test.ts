import { faultsOf } from './faults-of';
import { type Entry, Journal } from './journal';
import { Stored, StoredEvent, StoredUser } from './stored';

/** Every fault is planted once, so that a run without faults means that there are none. */

const rename = {
  position: 2n,
  stream: 'u1',
  version: 2,
  type: 'UserRenamed',
  attempt: 'r2',
} satisfies StoredEvent;
const create = { position: 1n, stream: 'u1', version: 1, type: 'UserCreated', attempt: 'c1' };
const user: StoredUser = {
  userId: 'u1',
  name: 'new',
  email: 'old@example.com',
  isActive: true,
  version: 2,
};
const stored: Stored = {
  head: 2n,
  checkpoint: 2n,
  events: [create, rename],
  users: [user],
  claims: new Map([['old@example.com', 'u1']]),
};

/** A create, and a rename whose first request got no answer. */
function entries(): readonly Entry[] {
  const journal = new Journal();
  const first = journal.open({ userId: 'u1', number: 1, act: 'create', value: 'old' });
  first.attempts.push('c1');
  journal.acknowledge(first, { version: 1, position: 1n });
  const second = journal.open({ userId: 'u1', number: 2, act: 'rename', value: 'new' });
  second.attempts.push('r1', 'r2');
  journal.leaveOpen(second, 'r1');
  journal.acknowledge(second, { version: 2, position: 2n });
  return journal.entries;
}

function kindsOf(faults: readonly string[]): readonly string[] {
  return [...new Set(faults.map((fault) => fault.slice(0, fault.indexOf(':'))))].sort();
}

it('finds no fault where each command is one event', () => {
  expect(faultsOf(entries(), stored)).toEqual([]);
});

it('takes a create that was told that the user exists for stored, wherever it is', () => {
  const [first, second] = entries();
  if (!first || !second) throw new Error('There are two entries.');
  first.acknowledged = { version: 1 };
  expect(faultsOf([first, second], stored)).toEqual([]);
});

it.each<[string, Partial<Stored>, string[]]>([
  ['a lost event', { events: [create], head: 1n, checkpoint: 1n }, ['lost']],
  [
    'a command stored by its first and by its second request',
    {
      events: [create, rename, { ...rename, position: 3n, version: 3, attempt: 'r1' }],
      head: 3n,
      checkpoint: 3n,
    },
    ['twice'],
  ],
  [
    'an event that nobody sent',
    {
      events: [create, rename, { ...rename, position: 3n, version: 3, attempt: 'x' }],
      head: 3n,
      checkpoint: 3n,
    },
    ['foreign'],
  ],
  ['an event of another type', { events: [create, { ...rename, type: 'UserCreated' }] }, ['elsewhere']],
  ['a hole in the log', { events: [create, { ...rename, position: 3n }] }, ['elsewhere', 'hole']],
  ['a hole in a stream', { events: [create, { ...rename, version: 3 }] }, ['elsewhere', 'hole']],
  ['a head behind the log', { head: 1n, checkpoint: 1n }, ['hole']],
  ['a read model that is behind', { checkpoint: 1n }, ['behind']],
  ['a row that is missing', { users: [] }, ['row']],
  ['a row that is wrong', { users: [{ ...user, name: 'old' }] }, ['row']],
  ['a row too many', { users: [user, { ...user, userId: 'u2' }] }, ['row']],
  ['a claim that is lost', { claims: new Map() }, ['claim']],
  ['a claim that was never released', { claims: new Map([...stored.claims, ['x', 'u1']]) }, ['claim']],
])('finds %s', (_name, change, kinds) => {
  expect(kindsOf(faultsOf(entries(), { ...stored, ...change }))).toEqual(kinds);
});

it('finds a command that was never acknowledged', () => {
  const [first, second] = entries();
  if (!first || !second) throw new Error('There are two entries.');
  second.acknowledged = undefined;
  expect(kindsOf(faultsOf([first, second], stored))).toEqual(['open']);
});

it('finds an event that is not where it was acknowledged', () => {
  const [first, second] = entries();
  if (!first || !second) throw new Error('There are two entries.');
  second.acknowledged = { version: 2, position: 7n };
  expect(kindsOf(faultsOf([first, second], stored))).toEqual(['elsewhere']);
});
