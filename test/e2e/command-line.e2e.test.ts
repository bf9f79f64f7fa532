import { refusedStart } from '../support/run-command';
import { runProgram } from '../support/service-process';
import { commandLineOf, jsonLines, query, type RunCommand, runInShell } from './command-line';
import { type RunningService, startOnNewDatabase } from './running-service';
import { type Acknowledgement, createUser, getUser } from './users';

interface EventLine {
  readonly position: string;
  readonly type: string;
  readonly version: number;
  readonly stream: { readonly type: string; readonly id: string };
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: { readonly actor: string; readonly correlationId: string };
}

let running: RunningService;
let run: RunCommand;
/** Twelve events: a user who was renamed ten times (positions 1 to 11), and another one (12). */
let ada: Acknowledgement;
let grace: Acknowledgement;

beforeAll(async () => {
  running = await startOnNewDatabase();
  run = commandLineOf(running.database.url);
  ada = await createUser(running.client, { name: 'Ada', email: 'ada@example.com' });
  for (let version = 2; version <= 11; version++) {
    await running.client.put(`/v1/users/${ada.userId}/name`, { name: `Ada ${version}` });
  }
  grace = await createUser(running.client, { name: 'Grace', email: 'grace@example.com' });
  await getUser(running.client, grace);
});
afterAll(() => running.end());

const positions = (output: string) => jsonLines<EventLine>(output).map(({ position }) => Number(position));
const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('streams show', () => {
  it('prints the events of a stream, oldest first, for people and for machines', async () => {
    const [plain, json] = await Promise.all([
      run('streams', 'show', 'User', ada.userId),
      run('streams', 'show', 'User', ada.userId, '--json'),
    ]);
    expect([plain.code, plain.stderr, json.code, json.stderr]).toEqual([0, '', 0, '']);
    const lines = plain.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(11);
    expect(lines[0]).toMatch(/^1 .*UserCreated.*"ada@example\.com"/);
    expect(lines[10]).toMatch(/^11 .*UserRenamed.*"Ada 11"/);
    const events = jsonLines<EventLine>(json.stdout);
    expect(events.map(({ version }) => version)).toEqual(range(1, 11));
    expect(events[1]).toMatchObject({
      position: '2',
      stream: { type: 'User', id: ada.userId },
      type: 'UserRenamed',
      data: { name: 'Ada 2' },
      metadata: { actor: 'key:development' },
    });
  });

  it('exits with 1 for a stream that does not exist', async () => {
    const { code, stdout, stderr } = await run('--json', 'streams', 'show', 'Order', ada.userId);
    expect([code, stdout]).toEqual([1, '']);
    expect(jsonLines(stderr)).toMatchObject([{ type: 'Order', id: ada.userId }]);
  });
});

describe('events tail', () => {
  it('prints the newest events, or those after a position, as many as are wanted, of the wanted type', async () => {
    const tail = async (...args: string[]) =>
      positions((await run('--json', 'events', 'tail', ...args)).stdout);
    const tails = await Promise.all([
      tail(),
      tail('--after', '4', '--limit', '2'),
      tail('--after', '3', '--type', 'UserCreated'),
    ]);
    expect(tails).toEqual([range(1, 12), [5, 6], [12]]);
  });

  it('prints the newest events of a type, however many others came later', async () => {
    const { stdout } = await run('--json', 'events', 'tail', '--type', 'UserRenamed', '--limit', '1');
    expect(positions(stdout)).toEqual([11]);
  });

  it('prints nothing where there is nothing', async () => {
    expect(await run('events', 'tail', '--after', '12')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('goes on as long as the reader of its pipe is slow, and ends in peace when that has seen enough', async () => {
    const create = (_: unknown, index: number) =>
      createUser(running.client, { email: `${index}@crowd.example` });
    await Promise.all(Array.from({ length: 400 }, create));
    const environment = { DATABASE_URL: running.database.url };
    const pipe = (reader: string) =>
      runInShell(
        `(node dist/cli.js --json events tail --after 0; echo "exit code $?" >&2) | ${reader}`,
        environment,
      );
    const [slow, enough] = await Promise.all([pipe('(sleep 4; cat)'), pipe('head -n 1')]);
    expect([positions(slow.stdout), slow.stderr]).toEqual([range(1, 412), 'exit code 0\n']);
    expect([positions(enough.stdout), enough.stderr]).toEqual([[1], 'exit code 0\n']);
  });
});

describe('verify', () => {
  it('exits with 0 while every read model is the fold of the log', async () => {
    const verified = await run('--json', 'verify');
    expect([verified.code, verified.stderr]).toEqual([0, '']);
    expect(jsonLines(verified.stdout)).toMatchObject([
      { log: { problems: 0 } },
      { checkpoints: 2, problems: 0 },
      { projection: 'users', differences: 0, leftOut: 0 },
    ]);
  });

  it('exits with 1 and shows a row that somebody changed, and a claim that nobody made', async () => {
    await query(running.database.url, `UPDATE users SET name = 'Mallory' WHERE user_id = '${grace.userId}'`);
    await query(
      running.database.url,
      `INSERT INTO annals.claims VALUES ('user.email', 'x@y.example', 'User', 'nobody')`,
    );
    const [plain, json] = await Promise.all([run('verify'), run('verify', '--json')]);
    expect([plain.code, json.code]).toEqual([1, 1]);
    expect(plain.stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^The log: .*User\/nobody/),
      expect.stringMatching(/^users: users, only in the read model: .*"Mallory"/),
      expect.stringMatching(/^users: users, only in a fresh fold: .*"Grace"/),
    ]);
    const row = { user_id: grace.userId, version: 1 };
    expect(jsonLines(json.stderr)).toMatchObject([
      { problem: expect.stringContaining('User/nobody') as string },
      { projection: 'users', side: 'only in the read model', row: { ...row, name: 'Mallory' } },
      { projection: 'users', side: 'only in a fresh fold', row: { ...row, name: 'Grace' } },
    ]);
    expect(jsonLines(json.stdout)).toMatchObject([
      { log: { problems: 1 } },
      { checkpoints: 2, problems: 0 },
      { projection: 'users', differences: 2 },
    ]);
  });
});

describe('what the command line does not know', () => {
  it('ends with exit code 1 and a message that says what', async () => {
    const wrong = [
      { args: ['nonsense'], message: /unknown command 'nonsense'[^]*Usage:/ },
      { args: ['users', 'import'], message: /missing required argument 'file'/ },
      { args: ['events', 'tail', '--limit', 'ten'], message: /--limit[^]*whole number/ },
      { args: ['verify', '--colour'], message: /unknown option '--colour'/ },
    ];
    const results = await Promise.all(wrong.map(({ args }) => run(...args)));
    const expected = wrong.map(({ message }) => ({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(message) as string,
    }));
    expect(results).toEqual(expected);
  });

  it('a database that cannot be reached: exit code 1, and what to try', async () => {
    const results = await Promise.all(
      [['migrate'], ['verify']].map((args) =>
        runProgram('cli.js', args, { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' }),
      ),
    );
    for (const { code, stdout, stderr } of results) {
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/DATABASE_URL/);
      expect(stderr).not.toMatch(/^ {4}at /m);
    }
  });
});

describe('an error of the kernel', () => {
  it('ends with what to type', async () => {
    const refused = [
      {
        args: ['projections', 'cancel-rebuild', 'users'],
        says: 'NoRebuildError: Projection "users" is not being rebuilt.\nRun: npm run cli -- projections status\n',
      },
      {
        args: ['parked', 'retry', 'users', '1'],
        says: 'NotParkedError: "users" has no failed event at position 1.\nRun: npm run cli -- parked list users\n',
      },
    ];
    const results = await Promise.all(refused.map(({ args }) => run(...args)));
    expect(results).toEqual(refused.map(({ says }) => ({ code: 1, stdout: '', stderr: says })));
  });

  it('that a subscription fails with is shown with what to type', async () => {
    const failure = 'The log has a hole: position 7 was expected, and 9 was read. [log.hole]';
    await query(
      running.database.url,
      `UPDATE annals.subscriptions SET failure = '${failure}' WHERE name = 'users'`,
    );
    const { stdout } = await run('projections', 'status');
    expect(stdout).toContain(`users: ${failure}\nRun: npm run cli -- verify\n`);
  });

  it('that ends a start says where to read on', async () => {
    await query(running.database.url, 'ALTER TABLE users ALTER name DROP NOT NULL');
    const { code, stderr } = await refusedStart({ DATABASE_URL: running.database.url });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^TableMismatchError: .* column "name" allows null.*\nSee docs\/how-to\/what-the-start-checks\.md#tables-of-read-models\n$/,
      ),
    ]);
  });
});
