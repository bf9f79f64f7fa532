import { Act, Entry } from './journal';
import { emailOf } from './request';
import { Stored, StoredEvent, StoredUser } from './stored';

const types: Readonly<Record<Act, string>> = {
  create: 'UserCreated',
  email: 'UserEmailChanged',
  rename: 'UserRenamed',
  deactivate: 'UserDeactivated',
  reactivate: 'UserReactivated',
};

/** What is wrong with what is stored, by what the clients know. Each sentence starts with the kind of the fault. */
export function faultsOf(entries: readonly Entry[], stored: Stored): readonly string[] {
  return [
    ...faultsOfOrder(stored),
    ...faultsOfCommands(entries, stored.events),
    ...faultsOfReadModel(expectedUsers(entries), stored),
  ];
}

function faultsOfOrder({ events, head, checkpoint }: Stored): string[] {
  const faults: string[] = [];
  const versions = new Map<string, number>();
  events.forEach(({ position, stream, version }, index) => {
    if (position !== BigInt(index + 1)) faults.push(`hole: position ${position} is number ${index + 1}`);
    const before = versions.get(stream) ?? 0;
    if (version !== before + 1) faults.push(`hole: version ${version} follows ${before} in ${stream}`);
    versions.set(stream, version);
  });
  if (head !== BigInt(events.length)) faults.push(`hole: the head is ${head}, of ${events.length} events`);
  if (checkpoint !== head) faults.push(`behind: the read model is at ${checkpoint}, the log at ${head}`);
  return faults;
}

/** Each command is one event: not lost, not twice, where its acknowledgement says; and there is no other event. */
function faultsOfCommands(entries: readonly Entry[], events: readonly StoredEvent[]): string[] {
  const byAttempt = new Map<string, StoredEvent[]>();
  for (const event of events) byAttempt.set(event.attempt, [...(byAttempt.get(event.attempt) ?? []), event]);
  const faults: string[] = [];
  for (const entry of entries) {
    const own = entry.attempts.flatMap((attempt) => byAttempt.get(attempt) ?? []);
    entry.attempts.forEach((attempt) => byAttempt.delete(attempt));
    faults.push(...faultsOfCommand(entry, own));
  }
  for (const [attempt] of byAttempt) faults.push(`foreign: nobody sent ${attempt}`);
  return faults;
}

function faultsOfCommand(entry: Entry, own: readonly StoredEvent[]): string[] {
  const name = `${entry.act} ${entry.number} of ${entry.userId}`;
  const [event] = own;
  if (own.length > 1) return [`twice: ${name} is at ${own.map(({ position }) => position).join(' and ')}`];
  if (!entry.acknowledged) return [`open: ${name} was never acknowledged`];
  if (!event) return [`lost: ${name}, acknowledged at ${entry.acknowledged.position}`];
  const { version, position = event.position } = entry.acknowledged;
  const told = [entry.userId, types[entry.act], entry.number, version, position].join(' ');
  const found = [event.stream, event.type, event.version, event.version, event.position].join(' ');
  return told === found ? [] : [`elsewhere: ${name} was acknowledged as ${told} and is ${found}`];
}

function expectedUsers(entries: readonly Entry[]): ReadonlyMap<string, StoredUser> {
  const users = new Map<string, StoredUser>();
  for (const { userId, act, value, number: version } of entries) {
    const user = users.get(userId) ?? { userId, name: value, email: emailOf(value), isActive: true, version };
    users.set(userId, {
      userId,
      version,
      name: act === 'rename' ? value : user.name,
      email: act === 'email' ? emailOf(value) : user.email,
      isActive: act === 'deactivate' ? false : act === 'reactivate' || user.isActive,
    });
  }
  return users;
}

function faultsOfReadModel(expected: ReadonlyMap<string, StoredUser>, { users, claims }: Stored): string[] {
  const faults: string[] = [];
  const found = new Map(users.map((user) => [user.userId, user]));
  for (const user of expected.values()) {
    const [told, row] = [textOf(user), textOf(found.get(user.userId))];
    if (told !== row) faults.push(`row: ${told} is expected, ${row} is there`);
    if (claims.get(user.email) !== user.userId) faults.push(`claim: ${user.email} is not held by its user`);
  }
  if (users.length !== expected.size) faults.push(`row: ${users.length} users, expected ${expected.size}`);
  if (claims.size !== expected.size) faults.push(`claim: ${claims.size} claims for ${expected.size} users`);
  return faults;
}

function textOf(user: StoredUser | undefined): string {
  if (!user) return 'no row';
  const { userId, name, email, isActive, version } = user;
  return [userId, name, email, isActive, version].join(' ');
}
