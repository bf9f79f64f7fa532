import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startService } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { Client } from './client';
import {
  commandLineOf,
  eventually,
  type Folder,
  jsonLines,
  query,
  root,
  type RunCommand,
  spawnProgram,
  temporaryFolder,
} from './command-line';
import type { UserBody, UserPage } from './users';

let folder: Folder;
let database: TestDatabase;
let run: RunCommand;

beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());
beforeEach(async () => {
  database = await createTestDatabase();
  run = commandLineOf(database.url);
});
afterEach(() => database.drop());

const adaId = '6f9619ff-8b86-4011-b42d-00cf4fc964ff';
const people = join(root, 'test', 'demo', 'people.csv');

/** Runs the service until its read model has the whole log, and asks it. */
async function withService<T>(ask: (client: Client) => Promise<T>): Promise<T> {
  const [head] = await query<{ head: string }>(
    database.url,
    'SELECT COALESCE(max(position), 0) AS head FROM annals.events',
  );
  const service = await startService({ DATABASE_URL: database.url });
  const client = new Client(service.url);
  const headers = { 'Min-Event-Position': head?.head ?? '', Prefer: 'wait=10' };
  expect((await client.get('/v1/users?limit=1', headers)).status).toBe(200);
  const answer = await ask(client);
  expect(await service.end()).toBe(0);
  return answer;
}

async function countEvents(): Promise<number> {
  const [row] = await query<{ count: number }>(database.url, 'SELECT count(*)::integer FROM annals.events');
  return row?.count ?? 0;
}

describe('migrate', () => {
  it('makes the tables of an empty database, and has nothing to do the second time', async () => {
    const empty = await createTestDatabase({ empty: true });
    try {
      const first = await commandLineOf(empty.url)('migrate');
      expect([first.code, first.stdout]).toEqual([
        0,
        expect.stringMatching(/^Done: 001-tables\.sql, functions\/.+, create-users\d+, .+\n$/),
      ]);
      const second = await commandLineOf(empty.url)('migrate', '--json');
      expect([second.code, second.stdout, second.stderr]).toEqual([0, '{"migrations":[]}\n', '']);
      expect(await query(empty.url, 'SELECT COALESCE(max(position), 0) AS head FROM annals.events')).toEqual([
        { head: '0' },
      ]);
    } finally {
      await empty.drop();
    }
  });
});

describe('users import', () => {
  it('creates 1,000 people from a CSV file, changes nothing when it is run again, and export gives them back', async () => {
    const first = await run('users', 'import', people);
    expect(first).toEqual({ code: 0, stdout: '1000 created, 0 there already, 0 failed.\n', stderr: '' });
    const again = await run('--json', 'users', 'import', people);
    expect(again).toEqual({ code: 0, stdout: '{"created":0,"unchanged":1000,"failed":0}\n', stderr: '' });
    expect(await countEvents()).toBe(1_000);

    const page = await withService((client) => client.get<UserPage>('/v1/users?limit=200'));
    const [verified, exported] = await Promise.all([run('verify'), run('users', 'export')]);
    expect([verified.code, verified.stderr]).toEqual([0, '']);
    expect(verified.stdout).toMatch(
      /1000 events in 1000 streams, nothing wrong\.\n.*position 1000, nothing wrong\.\n$/s,
    );
    expect([exported.code, exported.stderr]).toEqual([0, '']);
    const users = jsonLines<UserBody>(exported.stdout);
    expect(users.slice(0, 200)).toEqual(page.body.items);
    const [, ...lines] = (await readFile(people, 'utf8')).trimEnd().split('\n');
    const inFile = lines.map((line) => line.slice(line.lastIndexOf(',') + 1));
    expect(users.map(({ email }) => email).sort()).toEqual(inFile.map((email) => email.toLowerCase()).sort());
  });

  it('reports wrong lines of a CSV file by their numbers, and imports the others', async () => {
    const path = await folder.write('wrong.csv', [
      'email,name',
      'ada@example.com,Ada',
      'not-an-address,Bob',
      'cid@example.com',
      'dan@example.com,Dan,more',
      '',
      'eve@example.com,',
      '"fay@example.com","Fay, of ""the"" lake"',
      'gus@example.com,"two',
      'lines"',
      'ADA@example.com,Ada again',
      'hal@example.com,Hal',
    ]);
    const { code, stdout, stderr } = await run('users', 'import', path);
    expect([code, stdout]).toEqual([1, '3 created, 1 there already, 5 failed.\n']);
    const lines = stderr.trimEnd().split('\n');
    expect(lines.map((line) => /^Line (\d+): \w/.exec(line)?.[1])).toEqual(['3', '4', '5', '7', '9', '11']);
    expect(lines.at(-1)).toBe('Line 11: there already, with another name, which stays');
    expect(await countEvents()).toBe(3);
  });

  it('reads NDJSON, with the ids that it gives, and reports its wrong lines by their numbers', async () => {
    const path = await folder.write('people.ndjson', [
      `{"name":"Ada","email":" ADA@example.com","userId":"${adaId.toUpperCase()}"}`,
      '[1]',
      '{nonsense',
      'null',
      '',
      '{"name":5,"email":"bob@example.com"}',
      '{"name":"Cid\\ud800","email":"cid@example.com"}',
      '{"name":"Dan","email":"dan\\ud800@example.com"}',
      '{"name":"Eve","email":"eve@example.com","age":7}',
      '{"name":"Fay","email":"fay@example.com","constructor":"x"}',
      '{"name":"Gus","email":"gus@example.com","__proto__":{"email":"x@example.com"}}',
      '{"name":"Hal","email":"hal@example.com","userId":"nobody"}',
      '  {"email":"grace@example.com","name":"Grace, \\"the\\" Admiral"}  ',
    ]);
    const { code, stdout, stderr } = await run('--json', 'users', 'import', path);
    expect([code, stdout]).toEqual([1, '{"created":2,"unchanged":0,"failed":10}\n']);
    const wrong = jsonLines<{ line: number; problem: string }>(stderr);
    expect(wrong.map(({ line }) => line).sort((a, b) => a - b)).toEqual([2, 3, 4, 6, 7, 8, 9, 10, 11, 12]);
    expect(wrong.every(({ problem }) => /\w/.test(problem))).toBe(true);
    const stored = await query(
      database.url,
      `SELECT data, metadata ->> 'actor' AS actor FROM annals.events WHERE aggregate_id = '${adaId}' OR position = 2 ORDER BY position`,
    );
    expect(stored).toEqual([
      { data: { name: 'Ada', email: 'ada@example.com' }, actor: 'cli' },
      { data: { name: 'Grace, "the" Admiral', email: 'grace@example.com' }, actor: 'cli' },
    ]);
  });

  it('does not give an address to two people', async () => {
    const path = await folder.write('twins.ndjson', [
      '{"name":"Ada","email":"ada@example.com"}',
      `{"name":"Eve","email":"ADA@example.com","userId":"${adaId}"}`,
    ]);
    const { code, stdout, stderr } = await run('users', 'import', path);
    expect([code, stdout]).toEqual([1, '1 created, 0 there already, 1 failed.\n']);
    expect(stderr).toMatch(/^Line [12]: Another user has this e-mail address\.\n$/);
  });

  it('goes on where it was killed in the middle, and ends complete', async () => {
    const count = 4_000;
    const lines = Array.from({ length: count }, (_, index) => `Person ${index},${index}@crowd.example`);
    const path = await folder.write('crowd.csv', ['name,email', ...lines]);
    const killed = spawnProgram('cli.js', ['users', 'import', path], { DATABASE_URL: database.url });
    await eventually('the import is under way', async () => (await countEvents()) > 200);
    killed.kill('SIGKILL');
    await once(killed, 'close');
    await eventually('the sessions of the killed process are gone', async () => {
      const own = 'FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';
      const [row] = await query<{ count: number }>(database.url, `SELECT count(*)::integer ${own}`);
      return row?.count === 0;
    });
    const before = await countEvents();
    expect(before).toBeLessThan(count);

    const again = await run('--json', 'users', 'import', path);
    expect([again.code, again.stderr]).toEqual([0, '']);
    expect(JSON.parse(again.stdout)).toEqual({ created: count - before, unchanged: before, failed: 0 });
    expect(await countEvents()).toBe(count);
    const claims = await query(
      database.url,
      'SELECT count(*)::integer AS held, count(DISTINCT value)::integer AS values FROM annals.claims',
    );
    expect(claims).toEqual([{ held: count, values: count }]);
  });

  it('refuses a file that is missing, of another format, a folder, or broken, and says so', async () => {
    const text = await folder.write('people.txt', ['name,email']);
    const broken = await folder.write('broken.csv', [
      'name,email',
      'Ada,ada@example.com',
      '"Bob" x,bob@example.com',
    ]);
    const results = await Promise.all(
      ['/nowhere/people.csv', text, __dirname, broken].map((path) => run('users', 'import', path)),
    );
    expect(results.map(({ code, stdout }) => [code, stdout])).toEqual(Array(4).fill([1, '']));
    const messages = results.map(({ stderr }) => stderr);
    expect(messages).toEqual([
      expect.stringMatching(/no such file.*\/nowhere\/people\.csv/),
      expect.stringMatching(/people\.txt is neither \.csv nor \.ndjson/),
      expect.stringMatching(/e2e/),
      expect.stringMatching(/line 3/),
    ]);
    for (const message of messages) expect(message).not.toMatch(/^ {4}at /m);
  });
});
