import { v7 as uuidv7 } from 'uuid';
import { compare, Contestant, Figure } from '../measure';
import { metadata } from '../payload';
import { GrowthDatabase } from './growth-database';
import { emailOf, userIdOf } from './grown-log';

export const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
export const roundMs = Number(process.env.BENCH_ROUND_MS ?? 1_000);

/** One new user, as a command stores it: an event to a new stream, and the claim of its address. */
export function appendUser(name: string, { store }: GrowthDatabase): Contestant {
  return {
    name,
    once: async () => {
      const id = uuidv7();
      const email = `${id}@append.example`;
      const event = { type: 'UserCreated', data: { name: 'Ada Lovelace', email }, metadata: metadata() };
      await store.appendToStream({ type: 'User', id }, [event], {
        expectedVersion: 'no-stream',
        claims: [{ scope: 'user.email', value: email }],
      });
      return 1;
    },
  };
}

export const titleOfKeyRead = 'by id';

/** Single reads of one of `userCount` users, one after the other, in turns. The first is the unit. */
export function reads({ users, aggregates }: GrowthDatabase, userCount: number): Promise<readonly Figure[]> {
  const any = (): number => Math.floor(Math.random() * userCount);
  const search = (name: string, pieceOf: (email: string) => string): Contestant => ({
    name,
    once: async () => {
      const email = pieceOf(emailOf(any()));
      const page = await users.search({ email, limit: 20 });
      if (page.users.length === 0) throw new Error(`Nobody was found by "${email}".`);
      return 1;
    },
  });
  const contestants: Contestant[] = [
    {
      name: titleOfKeyRead,
      once: async () => {
        const user = await users.findById(userIdOf(any()));
        if (user === undefined) throw new Error('A user is missing.');
        return 1;
      },
    },
    {
      name: 'load of its stream',
      once: async () => {
        const { version } = await aggregates.get(userIdOf(any()));
        if (version !== 10) throw new Error(`A stream of ten events has ${version}.`);
        return 1;
      },
    },
    search('search: its whole address', (email) => email),
    // Last name and three of six digits: some dozens of a million.
    search(
      'search: a piece that dozens have',
      (email) =>
        email
          .slice(email.indexOf('.') + 1)
          .split('@')[0]
          ?.slice(0, -3) ?? '',
    ),
    search('search: a last name', (email) => email.split('.')[1] ?? ''),
    search('search: a domain', (email) => email.split('@')[1] ?? ''),
  ];
  return compare(contestants, { concurrency: 1, rounds, roundMs });
}

/** The same append to an empty log and to the grown one, in turns, 32 in flight. */
export function appends(empty: GrowthDatabase, grown: GrowthDatabase): Promise<readonly Figure[]> {
  const contestants = [appendUser('empty', empty), appendUser('grown', grown)];
  return compare(contestants, { concurrency: 32, rounds, roundMs });
}
