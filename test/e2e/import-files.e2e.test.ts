import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { startService } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { Client } from './client';
import {
  commandLineOf,
  eventually,
  type Folder,
  jsonLines,
  query,
  type RunCommand,
  spawnProgram,
  temporaryFolder,
} from './command-line';
import { proxyTo } from './database-proxy';
import { createUser } from './users';

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
const bobId = '7f9619ff-8b86-4011-b42d-00cf4fc964ff';

async function importLines(name: string, lines: readonly string[], ...options: readonly string[]) {
  return run('users', 'import', await folder.write(name, lines), ...options);
}

async function users(): Promise<unknown[]> {
  return query(
    database.url,
    "SELECT data ->> 'name' AS name, data ->> 'email' AS email FROM annals.events ORDER BY position",
  );
}

describe('users import compares what is stored with what the line says', () => {
  it('refuses an id of another person, in this file or an earlier one', async () => {
    const first = await importLines('ids.ndjson', [
      `{"name":"Ada","email":"ada@example.org","userId":"${adaId}"}`,
      ...Array.from({ length: 70 }, (_, index) => `{"name":"P${index}","email":"p${index}@example.org"}`),
      `{"name":"Bob","email":"bob@example.org","userId":"${adaId}"}`,
    ]);
    expect(first).toEqual({
      code: 1,
      stdout: '71 created, 0 there already, 1 failed.\n',
      stderr: 'Line 72: A user with another e-mail address has this id. Line 1 has the same id.\n',
    });
    const second = await importLines('ids2.ndjson', [
      `{"name":"Bob","email":"bob@example.org","userId":"${adaId}"}`,
    ]);
    expect(second).toEqual({
      code: 1,
      stdout: '0 created, 0 there already, 1 failed.\n',
      stderr: 'Line 1: A user with another e-mail address has this id.\n',
    });
  });

  it('says when the name of a person who is there already is another, and keeps it', async () => {
    const { code, stdout, stderr } = await importLines('names.csv', [
      'name,email',
      'Ada,ada@example.org',
      ...Array.from({ length: 70 }, (_, index) => `P${index},p${index}@example.org`),
      'Ada Lovelace,ADA@example.org',
    ]);
    expect([code, stdout]).toEqual([0, '71 created, 1 there already, 0 failed.\n']);
    expect(stderr).toBe('Line 73: there already, with another name, which stays\n');
  });

  it('knows people who were created over HTTP, and those who have moved to another address since', async () => {
    const imported = await importLines('first.csv', ['name,email', 'Moved,old@example.org']);
    expect(imported.code).toBe(0);
    const service = await startService({ DATABASE_URL: database.url });
    const client = new Client(service.url);
    const { position } = await createUser(client, { name: 'Web', email: 'Web@example.org' });
    const found = await client.get<{ items: { userId: string }[] }>('/v1/users?email=old@', {
      'Min-Event-Position': position,
    });
    const moved = found.body.items[0]?.userId ?? '';
    expect((await client.put(`/v1/users/${moved}/email`, { email: 'new@example.org' })).status).toBe(200);
    await eventually('the read model has both', async () => {
      const rows = await query<{ email: string }>(database.url, 'SELECT email FROM users ORDER BY email');
      return rows.map(({ email }) => email).join() === 'new@example.org,web@example.org';
    });
    expect(await service.end()).toBe(0);

    const again = await importLines('again.csv', [
      'name,email',
      'Web,web@EXAMPLE.org',
      'Moved,old@example.org',
      'Moved,new@example.org',
    ]);
    expect([again.code, again.stdout]).toEqual([1, '0 created, 2 there already, 1 failed.\n']);
    expect(again.stderr).toMatch(
      /^Line 3: The user who was imported with this address has another one now\./,
    );
  });

  it('takes what users export wrote, active or not, into another database', async () => {
    await importLines('source.ndjson', [
      `{"name":"Ada","email":"ada@example.org","userId":"${adaId}"}`,
      `{"name":"Bøb","email":"b@bücher.example","userId":"${bobId}","isActive":false}`,
    ]);
    const service = await startService({ DATABASE_URL: database.url });
    const ready = await new Client(service.url).get('/v1/users', {
      'Min-Event-Position': '3',
      Prefer: 'wait=10',
    });
    expect(ready.status).toBe(200);
    expect(await service.end()).toBe(0);
    const exported = await run('users', 'export');
    const other = await createTestDatabase();
    try {
      const path = await folder.write('export.ndjson', [exported.stdout]);
      const runThere = commandLineOf(other.url);
      for (const stdout of [
        '2 created, 0 there already, 0 failed.\n',
        '0 created, 2 there already, 0 failed.\n',
      ])
        expect(await runThere('users', 'import', path)).toEqual({ code: 0, stdout, stderr: '' });
      const kept =
        'SELECT aggregate_id, event_type, data FROM annals.events ORDER BY aggregate_id, aggregate_version';
      expect(await query(other.url, kept)).toEqual(await query(database.url, kept));
      expect(jsonLines<{ isActive: boolean }>(exported.stdout).map(({ isActive }) => isActive)).toEqual([
        true,
        false,
      ]);
    } finally {
      await other.drop();
    }
  });
});

describe('users import of a file that cannot be read exactly', () => {
  it('changes nothing, and says one sentence with the line and the mend', async () => {
    const path = join((await folder.write('x', [])).slice(0, -1), 'excel.csv');
    await writeFile(
      path,
      Buffer.from('name,email\nAda,ada@example.org\nJ\xfcrgen,j@example.org\n', 'latin1'),
    );
    const { code, stdout, stderr } = await run('users', 'import', path);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^UnreadableFileError: Line 3 is not text in UTF-8\. .*--encoding windows-1252\n$/,
    );
    expect(await users()).toEqual([]);

    const said = await run('users', 'import', path, '--encoding', 'windows-1252');
    expect(said).toEqual({ code: 0, stdout: '2 created, 0 there already, 0 failed.\n', stderr: '' });
    expect(await users()).toContainEqual({ name: 'Jürgen', email: 'j@example.org' });
  });

  it('says once what is wrong with the whole file', async () => {
    const people = Array.from({ length: 300 }, (_, index) => `P${index};p${index}@example.org;7`);
    const { code, stdout, stderr } = await importLines('phones.csv', ['Name;Mail;Phone', ...people]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    const mapped = await importLines('phones.csv', ['Name;Mail;Phone', ...people], '--map', 'mail=email');
    expect(mapped).toEqual({
      code: 0,
      stdout: '300 created, 0 there already, 0 failed.\n',
      stderr: 'Columns that are not imported: "Phone"\n',
    });
  });

  it('tells a problem that many lines have 20 times, and then counts it', async () => {
    const people = Array.from({ length: 65 }, (_, index) => `P${index},nonsense`);
    const { code, stdout, stderr } = await importLines('many.csv', ['name,email', ...people]);
    expect([code, stdout]).toEqual([1, '0 created, 0 there already, 65 failed.\n']);
    const told = stderr.trimEnd().split('\n');
    expect(told).toHaveLength(21);
    expect(told.at(-1)).toMatch(/^45 more lines: email must be/);
  });

  it('shows no control characters of the file on the terminal', async () => {
    const header = await importLines('steer.csv', ['name,email,\u001b[2J\u009b2J', 'A,a@example.org,x']);
    const member = await importLines('steer.ndjson', [
      '{"name":"A","email":"a@x.org","\u202ea\\nLine 2: fine\\u001b[2J":1}',
    ]);
    for (const { code, stderr } of [header, member]) {
      expect(code).toBe(1);
      expect(stderr.trimEnd()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    }
    expect(member.stderr).toContain('\\u001b[2J');
  });

  const asRoot = process.getuid?.() === 0;
  (asRoot ? it.skip : it)('says one sentence when it may not read the file', async () => {
    const path = await folder.write('secret.csv', ['name,email', 'A,a@example.org']);
    await chmod(path, 0o000);
    const { code, stderr } = await run('users', 'import', path);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^Error: EACCES[^\n]*\n$/)]);
  });
});

describe('users import of the standard input', () => {
  async function pipe(lines: readonly (string | Buffer)[], ...options: readonly string[]) {
    const child = spawnProgram(
      'cli.js',
      ['users', 'import', '-', ...options],
      { DATABASE_URL: database.url },
      'pipe',
    );
    const [stdout, stderr] = [text(child.stdout!), text(child.stderr!)];
    child.stdin!.end(Buffer.concat(lines.map((line) => Buffer.from(line as string))));
    const [code] = (await once(child, 'close')) as [number];
    return { code, stdout: await stdout, stderr: await stderr };
  }

  it('needs the format', async () => {
    const { code, stderr } = await pipe(['name,email\n']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('--format csv or --format ndjson')]);
    const said = await pipe(['name,email\n', 'Ada,ada@example.org\n'], '--format', 'csv');
    expect(said).toEqual({ code: 0, stdout: '1 created, 0 there already, 0 failed.\n', stderr: '' });
  });

  it('imports what stands before the fault, and says how much that is', async () => {
    const { code, stdout, stderr } = await pipe(
      ['{"name":"Ada","email":"ada@example.org"}\n', Buffer.from('{"name":"J\xfcrgen"}\n', 'latin1')],
      ...['--format', 'ndjson'],
    );
    expect([code, stdout]).toEqual([1, '1 created, 0 there already, 0 failed.\n']);
    expect(stderr).toMatch(/Line 2 is not text in UTF-8/);
  });
});

describe('users import when the database is away for a time', () => {
  it('waits, says so once, and ends complete', async () => {
    const proxy = await proxyTo(database.url);
    try {
      const count = 3_000;
      const lines = Array.from({ length: count }, (_, index) => `P${index},p${index}@example.org`);
      const path = await folder.write('crowd.csv', ['name,email', ...lines]);
      const child = spawnProgram('cli.js', ['users', 'import', path], { DATABASE_URL: proxy.url });
      const [stdout, stderr] = [text(child.stdout!), text(child.stderr!)];
      await eventually('the import is under way', async () => (await users()).length > 200);
      await proxy.cut();
      await delay(3_000);
      expect((await users()).length).toBeLessThan(count);
      await proxy.mend();
      const [code] = (await once(child, 'close')) as [number];
      expect(code).toBe(0);
      expect(await stdout).toMatch(/^\d+ created, \d+ there already, 0 failed\.\n$/);
      expect((await stderr).match(/The import waits/g)).toHaveLength(1);
      expect(await users()).toHaveLength(count);
    } finally {
      await proxy.cut();
    }
  });
});
