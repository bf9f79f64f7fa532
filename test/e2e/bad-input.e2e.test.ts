import { randomUUID } from 'node:crypto';
import { Client as Database } from 'pg';
import { expectInvalid, expectRefused } from './client';
import { type RunningService, startOnNewDatabase } from './running-service';
import { createUser, getUser, newEmail } from './users';

let running: RunningService;
let database: Database;
/** What the service has accepted in this file; all else must have left no trace. */
let accepted = 0;

beforeAll(async () => {
  running = await startOnNewDatabase();
  database = new Database({ connectionString: running.database.url });
  await database.connect();
});
afterAll(async () => {
  await database.end();
  await running.end();
});
afterEach(async () => {
  const { rows } = await database.query<{ events: string; claims: string; head: string }>(
    'SELECT count(*) AS events, (SELECT count(*) FROM annals.claims) AS claims, COALESCE(max(position), 0) AS head FROM annals.events',
  );
  const count = String(accepted);
  expect(rows).toEqual([{ events: count, claims: count, head: count }]);
});

const json = { 'Content-Type': 'application/json' };
const send = (body: string | Uint8Array, headers: Readonly<Record<string, string>> = json) =>
  running.client.send('POST', '/v1/users', { headers, body });
const person = (members: string) => `{"name":"Ada","email":"ada@example.com"${members}}`;
const withName = (name: string) => `{"name":"${name}","email":"ada@example.com"}`;

describe('a number that would come out as another one is refused with its place', () => {
  it.each([
    ['9007199254740993', '#/n'],
    ['9007199254740992', '#/n'],
    ['12345678901234567890', '#/n'],
    ['-9007199254740993', '#/n'],
    ['1e21', '#/n'],
    ['1e400', '#/n'],
    ['1e-400', '#/n'],
    ['-0', '#/n'],
    ['0.1000000000000000055511151231257827', '#/n'],
    ['[1, {"a/b": 9007199254740993}]', '#/n/1/a~1b'],
  ])('%s', async (literal, pointer) => {
    const answer = await send(person(`,"n": ${literal}`));
    expectInvalid(answer, pointer);
    expect(answer.problem?.errors?.[0]?.detail).toMatch('send it as a string');
  });

  it.each(['9007199254740991', '1.50', '1e3', '0.30000000000000004', '"9007199254740993"'])(
    'but not %s',
    async (literal) => {
      const answer = await send(person(`,"n": ${literal}`));
      expect(answer.problem?.errors?.map(({ detail }) => detail)).toEqual(['is not a known member']);
    },
  );
});

describe('a body that is no JSON object in UTF-8 is refused', () => {
  it.each([
    '{',
    '{"name":}',
    "{'name':'Ada'}",
    '{"name":"Ada",}',
    `${person('')}{}`,
    '{} // no',
    'nonsense',
    '{"a":01}',
  ])('malformed: %s', async (body) => expectInvalid(await send(body), '#'));

  it.each(['[]', `[${person('')}]`, 'null', '"text"', '17', 'true'])('no object: %s', async (body) =>
    expectInvalid(await send(body), '#'),
  );

  it.each([
    ['a lone byte', [0xff]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['an encoded surrogate', [0xed, 0xa0, 0x80]],
    ['half a character', [0xe2, 0x82]],
  ])('invalid UTF-8: %s', async (_, bytes) => {
    const [before = '', after = ''] = withName('|').split('|');
    const body = Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
    expectInvalid(await send(body), '#');
  });

  it.each([
    [person(',"name":"Eve"'), '#/name'],
    [person(',"\\u006eame":"Eve"'), '#/name'],
    [person(',"more":{"a":1,"b":{"c":1,"c":2}}'), '#/more/b/c'],
    [person(',"email":"ada@example.com"'), '#/email'],
  ])('a member given twice: %s', async (body, pointer) => expectInvalid(await send(body), pointer));
});

describe('members that a request does not have are refused', () => {
  it.each(['admin', 'id', 'Name', 'isActive', '', 'a/b', 'toJSON', 'then'])('in a body: %j', async (name) => {
    const pointer = `#/${name.replaceAll('/', '~1')}`;
    expectInvalid(await send(person(`,${JSON.stringify(name)}:true`)), pointer);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__defineGetter__'])(
    'in a body, though every object has it: %s',
    async (name) => {
      for (const value of ['null', '"x"', '{"isAdmin":true}', '{"prototype":{"isAdmin":true}}']) {
        expectInvalid(await send(person(`,"${name}":${value}`)), `#/${name}`);
      }
    },
  );

  it.each(['rename', 'deactivate'])('in the body of %s', async (path) => {
    const [method, url] = path === 'rename' ? (['PUT', 'name'] as const) : (['POST', 'deactivate'] as const);
    const body = method === 'PUT' ? '{"name":"Eve","x":1}' : '{"x":1}';
    const request = { headers: json, body };
    expectInvalid(await running.client.send(method, `/v1/users/${randomUUID()}/${url}`, request), '#/x');
  });
});

describe('a name is refused', () => {
  it.each([
    ['empty', ''],
    ['blank', ' \\t\\n\\u3000'],
    ['NUL', 'A\\u0000da'],
    ['a control character', 'A\\u0007da'],
    ['a line break', 'A\\nda'],
    ['a C1 control character', 'A\\u0085da'],
    ['a lone high surrogate', 'A\\ud800'],
    ['a lone low surrogate', '\\udc00da'],
    ['surrogates the wrong way round', '\\udc00\\ud800'],
    ['201 letters', 'x'.repeat(201)],
    ['201 emoji', '🦉'.repeat(201)],
  ])('%s', async (_, name) => {
    expectInvalid(await send(withName(name)), '#/name');
    const request = { headers: json, body: `{"name":"${name}"}` };
    expectInvalid(await running.client.send('PUT', `/v1/users/${randomUUID()}/name`, request), '#/name');
  });

  it.each(['5', 'null', 'true', '["Ada"]', '{"first":"Ada"}'])('of the wrong type: %s', async (name) => {
    expectInvalid(await send(`{"name":${name},"email":"ada@example.com"}`), '#/name');
  });

  it('but 200 emoji, or 200 letters with blanks around them, are a name', async () => {
    for (const name of ['🦉'.repeat(200), `  ${'é'.repeat(200)}  `]) {
      const created = await createUser(running.client, { name });
      accepted++;
      expect((await getUser(running.client, created)).name).toBe(name.trim());
    }
  });
});

describe('an e-mail address is refused', () => {
  const label = 'd'.repeat(60);
  const longest = `${'x'.repeat(64)}@${label}.${label}.${label}.${'e'.repeat(2)}.com`;

  it.each([
    ...[
      '',
      'ada',
      '@example.com',
      'ada@',
      'ada@example',
      'a b@example.com',
      'ada@exam ple.com',
      'ada@@example.com',
    ],
    ...[
      'Ada <ada@example.com>',
      'ada@example.com,eve@example.com',
      'ada@example.com\u0000',
      'a\u0000da@example.com',
    ],
    ...['ada\n@example.com', 'ada\ud800@example.com', 'ada@example.com\r\nBcc: eve@example.com'],
    ...[`x${longest}`, `${'x'.repeat(65)}@example.com`],
  ])('%j', async (email) => {
    expectInvalid(await send(JSON.stringify({ name: 'Ada', email })), '#/email');
    const changed = await running.client.put(`/v1/users/${randomUUID()}/email`, { email });
    expectInvalid(changed, '#/email');
  });

  it.each(['5', 'null', '["ada@example.com"]', '{"email":"ada@example.com"}'])(
    'of the wrong type: %s',
    async (email) => {
      expectInvalid(await send(`{"name":"Ada","email":${email}}`), '#/email');
    },
  );

  it('but one of 254 characters is an address', async () => {
    expect(longest).toHaveLength(254);
    const created = await createUser(running.client, { email: longest });
    accepted++;
    expect((await getUser(running.client, created)).email).toBe(longest);
  });
});

describe('a body with too little', () => {
  it.each([
    ['{}', ['#/email', '#/name']],
    ['', ['#/email', '#/name']],
    ['{"name":"Ada"}', ['#/email']],
    ['{"email":"ada@example.com"}', ['#/name']],
    ['{"name":"","email":"x","userId":1}', ['#/email', '#/name', '#/userId']],
  ])('%j is told of every member that is missing or wrong', async (body, pointers) => {
    const { errors = [] } = expectRefused(await send(body), 400, 'validation-failed');
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual(pointers);
  });
});

describe('an id that is no UUID is refused', () => {
  const notUuids = [
    '1',
    'me',
    'null',
    `${randomUUID()}0`,
    randomUUID().replaceAll('-', ''),
    `{${randomUUID()}}`,
  ];

  it.each([...notUuids, '00000000-0000-f000-8000-000000000000', "' OR 1=1 --", '%00', '..%2f..'])(
    'in a path: %s',
    async (id) => {
      const path = `/v1/users/${id.includes('%') ? id : encodeURIComponent(id)}`;
      expectInvalid(await running.client.get(path), '#/userId');
      expectInvalid(await running.client.get(`${path}/history`), '#/userId');
      expectInvalid(await running.client.put(`${path}/name`, { name: 'Eve' }), '#/userId');
      expectInvalid(await running.client.post(`${path}/deactivate`), '#/userId');
    },
  );

  it.each([...notUuids.map((id) => JSON.stringify(id)), '""', '" "', 'null', '7', '[]'])(
    'in a body: %s',
    async (id) => expectInvalid(await send(person(`,"userId":${id}`)), '#/userId'),
  );
});

it('after all this the service answers as before, and its objects have no new members', async () => {
  const created = await createUser(running.client, { email: newEmail() });
  accepted++;
  const members = ['userId', 'name', 'email', 'isActive', 'createdAt', 'updatedAt', 'version'];
  expect(Object.keys(await getUser(running.client, created))).toEqual(members);
});
