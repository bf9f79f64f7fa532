import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QueryRunner } from 'typeorm';
import { migrations } from './migrations';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migrations-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(...files: readonly string[]): void {
  for (const file of files) writeFileSync(join(folder, file), `-- ${file}\nSELECT 'ä€';\n`);
}

const namesIn = (place?: string) => migrations(place).map((migration) => new migration().name);

/** What a migration asks of the database. */
function recorder() {
  const query = jest.fn<Promise<void>, [string]>(() => Promise.resolve());
  return { query, runner: { query } as unknown as QueryRunner };
}

describe('the migrations of a folder', () => {
  it('stand in the order of their time stamps, whatever their names', () => {
    write('1764000000010-a.sql', '1764000000009-z.sql', '1064000000000-late-name.sql');
    expect(namesIn(folder)).toEqual(['late-name1064000000000', 'z1764000000009', 'a1764000000010']);
  });

  it('are none when it is empty', () => {
    expect(migrations(folder)).toEqual([]);
  });

  it.each([
    '1764000000000-create.SQL',
    '1764000000000-create.ts',
    '176400000000-create.sql',
    '17640000000000-create.sql',
    '1764000000000_create.sql',
    '1764000000000-Create.sql',
    '1764000000000-.sql',
    '1764000000000-create.sql.orig',
    'create-1764000000000.sql',
    'README.md',
  ])('are refused with a file that is named otherwise: %s', (file) => {
    write('1764000000000-create-event-log.sql', file);
    expect(() => migrations(folder)).toThrow(
      `migrations/${file} is not named like 1764000000000-create-event-log.sql. Rename it.`,
    );
  });

  it('end their names with the time stamp, as TypeORM wants it', () => {
    for (const name of namesIn()) expect(name).toMatch(/^[a-z0-9-]+\d{13}$/);
  });

  it('run the SQL of their file as it stands there, in one query', async () => {
    write('1764000000000-create.sql');
    const [create] = migrations(folder);
    const { query, runner } = recorder();
    if (create) await new create().up(runner);
    expect(query.mock.calls).toEqual([["-- 1764000000000-create.sql\nSELECT 'ä€';\n"]]);
  });

  it('go forward only', async () => {
    write('1764000000000-create.sql');
    const [create] = migrations(folder);
    const { query, runner } = recorder();
    await expect(create && new create().down(runner)).rejects.toThrow(
      'create1764000000000 cannot be taken back. Add a migration that goes forward.',
    );
    expect(query).not.toHaveBeenCalled();
  });
});

describe('the migrations of this project', () => {
  it('are found from where the code lies', () => {
    expect(namesIn()[0]).toBe('create-users1764000000002');
  });

  it('have a time stamp each, so that their order is one', () => {
    const stamps = namesIn().map((name) => name?.slice(-13));
    expect(new Set(stamps).size).toBe(stamps.length);
  });
});
