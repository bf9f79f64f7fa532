import { expectInvalid, expectRefused } from './client';
import { type RunningService, startOnNewDatabase } from './running-service';
import { createUser, type UserPage } from './users';

let running: RunningService;
beforeAll(async () => {
  running = await startOnNewDatabase();
});
afterAll(() => running.end());

const decomposed = 'ju\u0308rgen';
const composed = 'j\u00fcrgen';

describe('an e-mail address', () => {
  it.each([
    ['composed, and decomposed', `${composed}@one.example`, `${decomposed}@one.example`],
    ['decomposed, and composed', `${decomposed}@two.example`, `${composed}@two.example`],
    ['its domain in letters, and in ASCII', 'a@bücher.example', 'a@xn--bcher-kva.example'],
    ['its domain in ASCII, and decomposed', 'b@xn--bcher-kva.example', 'b@bu\u0308cher.example'],
    ['a Greek domain with either sigma', 'c@οδος.example', 'C@ΟΔΟΣ.EXAMPLE'],
  ])('is one mailbox in both spellings: %s', async (_what, first, second) => {
    await createUser(running.client, { email: first });
    const taken = await running.client.post('/v1/users', { name: 'Twin', email: second });
    expectRefused(taken, 409, 'email-taken');
  });

  it('is shown as it was given, in lower case, and its other spelling changes nothing', async () => {
    const email = `${decomposed}@BÜCHER.example`;
    const { userId, position } = await createUser(running.client, { email });
    const same = await running.client.put<{ version: number }>(`/v1/users/${userId}/email`, {
      email: `${composed}@xn--bcher-kva.example`,
    });
    expect([same.status, same.body.version]).toEqual([200, 1]);
    const { body } = await running.client.get<{ email: string }>(`/v1/users/${userId}`, {
      'Min-Event-Position': position,
    });
    expect(body.email).toBe(`${decomposed}@bücher.example`);
  });

  it('is found by a piece in each of its spellings', async () => {
    const given = [`${decomposed}@find.münchen.example`, `${composed}x@find.xn--mnchen-3ya.example`];
    let position = '0';
    for (const email of given) ({ position } = await createUser(running.client, { email }));
    for (const piece of [
      '@find.münchen.example',
      '@FIND.mu\u0308nchen.example',
      '@find.xn--mnchen-3ya.example',
    ]) {
      const { body } = await running.client.get<UserPage>(`/v1/users?email=${encodeURIComponent(piece)}`, {
        'Min-Event-Position': position,
      });
      expect(body.items.map(({ email }) => email)).toEqual(given);
    }
    for (const piece of [`${composed}@find`, `${decomposed}@find`]) {
      const { body } = await running.client.get<UserPage>(`/v1/users?email=${encodeURIComponent(piece)}`);
      expect(body.items.map(({ email }) => email)).toEqual(given.slice(0, 1));
    }
  });

  it.each([
    ['a zero width space', 'z\u200bw@example.org'],
    ['a zero width space at its end', 'zw@example.org\u200b'],
    ['a word joiner', 'zw\u2060@example.org'],
    ['a soft hyphen', 'zw@exam\u00adple.org'],
    ['a mark of direction', '\u202ezw@example.org'],
    ['a variation selector', 'zw\ufe0f@example.org'],
    ['a Hangul filler', 'z\u3164w@example.org'],
    ['the mark of a lost character', 'z\ufffdw@example.org'],
    ['a tag character', 'zw\u{e0041}@example.org'],
  ])('is refused with %s', async (_what, email) => {
    expectInvalid(await running.client.post('/v1/users', { name: 'Unseen', email }), '#/email');
  });
});

describe('a name', () => {
  it.each(['\u200b', '\u202e\u2060', '\u00ad', '\u3164', '\ufe0f', '\u2800', 'J\ufffdrgen', '\u200d \u200d'])(
    'is refused without a character that can be seen, or with one that was lost: %j',
    async (name) => {
      expectInvalid(await running.client.post('/v1/users', { name, email: 'seen@example.org' }), '#/name');
    },
  );

  it('may have joiners and marks of direction beside letters', async () => {
    for (const name of ['می\u200cخواهم', '👩\u200d👩\u200d👧', '\u200fابن سينا'])
      expect((await createUser(running.client, { name })).version).toBe(1);
  });
});
