import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { Client } from '../e2e/client';
import { type RunningService, startOnNewDatabase } from '../e2e/running-service';
import { createUser, type UserPage } from '../e2e/users';
import { waitUntil } from '../support/wait-until';

const isLong = process.env.FUZZ === 'long';
const searches = isLong ? 5_000 : 1_000;
const seed = Number(process.env.FUZZ_SEED) || randomInt(2 ** 31);

/** Addresses full of what means something to `LIKE`, to SQL, to a regular expression, or to case. */
const locals = [
  ...[
    'a%b',
    'a_b',
    'axb',
    '100%',
    '%',
    '_',
    '%%',
    '__',
    '"a\\\\b"',
    '"\\\\%"',
    '"\\\\_"',
    '%_%',
    'a%_b',
    'ab',
  ],
  ...[
    "o'neil",
    "''",
    '$1',
    '{x}',
    'a.b',
    'a+b',
    'a*b',
    'a?b',
    'a|b',
    'a^b',
    '!',
    '#',
    '~',
    '`',
    'a/b',
    'a=b',
  ],
  ...[
    'ADA',
    'Ada.Lovelace',
    'ß',
    'ẞ',
    'é',
    'É',
    'Σίσυφος',
    'ΟΔΥΣΣΕΥΣ',
    'иван',
    'ИВАН.П',
    'ünsal',
    'ÇELİK',
    'ı',
    '漢字',
  ],
];

interface Person {
  readonly email: string;
  readonly isActive: boolean;
}

let running: RunningService;
let client: Client;
/** In the order of creation. */
const people: Person[] = [];
let head = '0';

beforeAll(async () => {
  running = await startOnNewDatabase();
  client = running.client;
  for (const [index, local] of locals.entries()) {
    const { userId, email, position } = await createUser(client, { email: `${local}@u${index}.example.org` });
    const isActive = index % 3 !== 0;
    const answer = isActive
      ? undefined
      : await client.post<{ position: string }>(`/v1/users/${userId}/deactivate`);
    head = answer?.body.position ?? position;
    people.push({ email: fold(email), isActive });
  }
  await waitUntil(async () => (await client.get('/v1/users', { 'Min-Event-Position': head })).status === 200);
});
afterAll(() => running.end());

/** The model of the search: code point by code point in lower case, and one sigma. */
function fold(text: string): string {
  return Array.from(text, (character) => character.toLowerCase())
    .join('')
    .replaceAll('ς', 'σ');
}

function expected(piece: string, isActive: boolean | undefined): readonly string[] {
  return people
    .filter((person) => person.email.includes(fold(piece)))
    .filter((person) => isActive === undefined || person.isActive === isActive)
    .map((person) => person.email);
}

/** All pages of a search. */
async function found(
  piece: string,
  isActive: boolean | undefined,
  limit: number,
): Promise<readonly string[]> {
  const all: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = new URLSearchParams({ email: piece, limit: String(limit) });
    if (isActive !== undefined) query.set('isActive', String(isActive));
    if (cursor !== '') query.set('cursor', cursor);
    const { body, status } = await client.get<UserPage>(`/v1/users?${query.toString()}`);
    expect(status).toBe(200);
    all.push(...body.items.map(({ email }) => fold(email)));
    cursor = body.nextCursor;
  }
  return all;
}

/** A piece of an address, in another case perhaps, or a few of the characters that mean something. */
const pieces = fc.oneof(
  fc
    .tuple(
      fc.nat(locals.length - 1),
      fc.nat(20),
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom('as is', 'upper', 'lower'),
    )
    .map(([index, start, length, kind]) => {
      const characters = Array.from(`${locals[index]}@u${index}.example.org`)
        .slice(start, start + length)
        .join('');
      return kind === 'upper'
        ? characters.toUpperCase()
        : kind === 'lower'
          ? characters.toLowerCase()
          : characters;
    }),
  fc.string({ unit: fc.constantFrom(...'%_\\aAbx*.?\'"$^[]()ςσΣ@'), maxLength: 4 }),
);

it(`${searches} searches find what a model of the search finds, page by page`, async () => {
  console.log(`search: FUZZ_SEED=${seed}`);
  const one = fc.record({
    piece: pieces,
    isActive: fc.option(fc.boolean(), { nil: undefined }),
    limit: fc.constantFrom(200, 200, 200, 7),
  });
  const atOnce = 10;
  let hits = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(one, { minLength: atOnce, maxLength: atOnce }), async (batch) => {
      const ask = async ({ piece, isActive, limit }: (typeof batch)[number]) => {
        const emails = await found(piece, isActive, limit);
        expect([piece, isActive, emails]).toEqual([piece, isActive, expected(piece, isActive)]);
        hits += emails.length > 0 ? 1 : 0;
      };
      await Promise.all(batch.map(ask));
    }),
    { numRuns: searches / atOnce, seed },
  );
  expect(hits).toBeGreaterThan(searches / 4);
}, 3_600_000);
