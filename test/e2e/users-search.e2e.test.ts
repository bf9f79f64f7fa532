import { expectInvalid } from './client';
import { type RunningService, startOnNewDatabase } from './running-service';
import { createUser, type NewUser, type UserPage } from './users';

let running: RunningService;
beforeAll(async () => {
  running = await startOnNewDatabase();
});
afterAll(() => running.end());

type Query = Readonly<Record<string, string>>;

async function search(query: Query, minEventPosition = '0'): Promise<UserPage> {
  const headers = { 'Min-Event-Position': minEventPosition };
  const found = await running.client.get<UserPage>(
    `/v1/users?${new URLSearchParams(query).toString()}`,
    headers,
  );
  expect(found.status).toBe(200);
  return found.body;
}

/** Creates users one after the other, and gives the position of the last. */
async function createAll(users: readonly NewUser[]): Promise<string> {
  let last = '0';
  for (const user of users) last = (await createUser(running.client, user)).position;
  return last;
}

function emailsOf({ items }: UserPage): readonly string[] {
  return items.map(({ email }) => email);
}

describe('a search by a piece of the address', () => {
  const addresses = [
    'fifty%off@sale.test.org',
    'snake_case@sale.test.org',
    '"back\\slash"@sale.test.org',
    'plain@sale.test.org',
  ];
  let position: string;
  beforeAll(async () => {
    position = await createAll(addresses.map((email) => ({ email })));
  });

  it.each([
    ['%', [0]],
    ['y%o', [0]],
    ['f%o', []],
    ['_', [1]],
    ['e_c', [1]],
    ['plai_', []],
    ['\\', [2]],
    ['k\\s', [2]],
    ['back\\\\slash', []],
    ['\\%', []],
    ["'", []],
    ['sale.test.org', [0, 1, 2, 3]],
    ['PLAIN@Sale', [3]],
    ['sale.test.org ', []],
  ])('takes %j literally', async (email, expected) => {
    expect(emailsOf(await search({ email }, position))).toEqual(expected.map((index) => addresses[index]));
  });

  it('finds everybody by the empty piece', async () => {
    expect(emailsOf(await search({ email: '' }, position))).toEqual(emailsOf(await search({}, position)));
  });

  it('tells all of a user that GET by id tells', async () => {
    const { items } = await search({ email: 'plain@sale' }, position);
    const [user] = items;
    expect((await running.client.get(`/v1/users/${user?.userId}`)).body).toEqual(user);
  });

  it.each([
    ['ΟΔΥΣΣΕΥΣ@ithaca.example', ['οδυσσευσ', 'ΟΔΥΣΣΕΥΣ', 'ευΣ@', 'Σ', 'σ']],
    ['иван.Петров@почта.рф', ['ПЕТРОВ', 'Иван.п', '@ПОЧТА.РФ']],
    ['Ünsal.ÇELİK@example.com', ['ünsal.ç', 'ÜNSAL', 'ÇELİK']],
  ])('finds %s without regard to case', async (email, pieces) => {
    const created = await createUser(running.client, { email });
    for (const piece of pieces) {
      const { items } = await search({ email: piece }, created.position);
      expect([piece, items.map(({ userId }) => userId)]).toEqual([piece, [created.userId]]);
    }
  });
});

describe('a Greek final sigma', () => {
  // The upper case of ς and of σ is Σ: without regard to case they are one letter.
  it('is found by a sigma in upper case', async () => {
    const { userId, position } = await createUser(running.client, { email: 'σίσυφος@hades.example' });
    const { items } = await search({ email: 'ΣΊΣΥΦΟΣ@hades' }, position);
    expect(items.map((user) => user.userId)).toEqual([userId]);
  });
});

describe('the filter isActive', () => {
  it('keeps only those who are, or only those who are not', async () => {
    const names = ['on1', 'off1', 'on2', 'off2'].map((name) => `${name}@filter.example`);
    let position = '0';
    for (const email of names) {
      const { userId } = await createUser(running.client, { email });
      const path = `/v1/users/${userId}/${email.startsWith('off') ? 'deactivate' : 'reactivate'}`;
      position = (await running.client.post<{ position: string }>(path)).body.position;
    }
    const find = async (query: Query) => emailsOf(await search({ email: '@filter.', ...query }, position));
    expect(await find({ isActive: 'true' })).toEqual([names[0], names[2]]);
    expect(await find({ isActive: 'false' })).toEqual([names[1], names[3]]);
    expect(await find({})).toEqual(names);
  });
});

describe('the pages of a list', () => {
  it('are complete, without duplicates and in the order of creation, while users are created', async () => {
    const addresses = Array.from({ length: 10 }, (_, index) => `${(index * 7) % 10}.first@paging.example`);
    let position = await createAll(addresses.map((email) => ({ email })));
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let page = 0; cursor !== null; page++) {
      const query: Query = { email: '@paging.', limit: '3', ...(cursor === '' ? {} : { cursor }) };
      const found: UserPage = await search(query, position);
      expect(found.items.length).toBe(found.nextCursor === null ? found.items.length : 3);
      seen.push(...emailsOf(found));
      cursor = found.nextCursor;
      if (page < 3) {
        const email = `0.during-${page}@paging.example`;
        addresses.push(email);
        position = await createAll([{ email }]);
      }
    }
    expect(seen).toEqual(addresses);
  });

  it('end with nextCursor null, also where the last one is full', async () => {
    const position = await createAll([1, 2, 3, 4].map((index) => ({ email: `${index}@full.example` })));
    const first = await search({ email: '@full.', limit: '2' }, position);
    expect(first.nextCursor).toMatch(/^\S+$/);
    const second = await search({ email: '@full.', limit: '2', cursor: first.nextCursor ?? '' });
    expect(emailsOf(second)).toEqual(['3@full.example', '4@full.example']);
    expect(second.nextCursor).toBeNull();
    expect((await search({ email: '@full.', limit: '4' })).nextCursor).toBeNull();
    expect(await search({ email: '@nobody.' })).toEqual({ items: [], nextCursor: null });
  });

  it('hold 50 users unless told otherwise, and 200 at most', async () => {
    const create = (_: unknown, index: number) =>
      createUser(running.client, { email: `${index}@many.example` });
    const created = await Promise.all(Array.from({ length: 201 }, create));
    const positions = created.map(({ position }) => BigInt(position)).sort((a, b) => Number(a - b));
    const head = String(positions.at(-1));
    expect((await search({ email: '@many.' }, head)).items).toHaveLength(50);
    const largest = await search({ email: '@many.', limit: '200' }, head);
    const rest = await search({ email: '@many.', cursor: largest.nextCursor ?? '' }, head);
    expect([largest.items.length, rest.items.length]).toEqual([200, 1]);
    const ids = [...largest.items, ...rest.items].map(({ userId }) => userId);
    const inOrder = created.sort((a, b) => Number(BigInt(a.position) - BigInt(b.position)));
    expect(ids).toEqual(inOrder.map(({ userId }) => userId));
  });
});

const cursorOf = (text: string) => `cursor=${Buffer.from(text).toString('base64url')}`;

describe('a query that cannot be understood is refused', () => {
  it.each([
    ...[
      'limit=0',
      'limit=201',
      'limit=-1',
      'limit=1.5',
      'limit=ten',
      'limit=',
      'limit=1e2',
      'limit=0x10',
      'limit=%2B5',
    ],
    ...[
      'cursor=',
      'cursor=x',
      'cursor=cDE%3D',
      'cursor=!!',
      `${cursorOf('p0')}`,
      `${cursorOf('p-1')}`,
      cursorOf('q1'),
    ],
    ...[cursorOf('p9223372036854775808'), cursorOf('p1 '), cursorOf('p01')],
    ...['isActive=', 'isActive=1', 'isActive=TRUE', 'isActive=yes'],
    ...['limit=1&limit=1', 'cursor=cDE&cursor=cDE', 'isActive=true&isActive=true', 'email=a&email=b'],
    ...['name=Ada', 'sort=email', 'Limit=1', 'email[]=a', 'limit[gt]=1', '=x'],
    ...['__proto__=x', 'constructor=x', 'toString=x', '__proto__[limit]=1', 'hasOwnProperty=1'],
    ...['email=%00', 'email=a%00b', `email=${'x'.repeat(255)}`],
  ])('?%s', async (query) => {
    const member = decodeURIComponent(query.split('=')[0] ?? '');
    expectInvalid(await running.client.get(`/v1/users?${query}`), `#/${member}`);
  });

  it('with every member that is wrong', async () => {
    const answer = await running.client.get('/v1/users?limit=0&isActive=x&colour=red');
    expect(answer.problem?.errors?.map(({ pointer }) => pointer).sort()).toEqual([
      '#/colour',
      '#/isActive',
      '#/limit',
    ]);
  });
});
