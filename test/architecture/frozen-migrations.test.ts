import { execSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

type Hashes = Readonly<Record<string, string>>;

const root = join(__dirname, '../..');
const frozenFile = 'test/architecture/frozen-migrations.json';

/** Writes all hashes anew, from the root folder. */
const refresh = `node -e 'const f=require("fs"),c=require("crypto");f.writeFileSync("${frozenFile}",JSON.stringify(Object.fromEntries(f.readdirSync("migrations").sort().map(m=>[m,c.createHash("sha256").update(f.readFileSync("migrations/"+m)).digest("hex")])),null,2)+"\\n")'`;

/** What is wrong with the migrations, given the hashes that they had when they were frozen. */
function breaches(found: Hashes, frozen: Hashes): string[] {
  const changed = Object.keys(frozen).flatMap((file) => {
    if (found[file] === frozen[file]) return [];
    const what = file in found ? 'was changed' : 'is gone';
    return `migrations/${file} ${what}, but databases have run it as it was. Put it back, and add a new migration instead. Only while it is not merged yet, freeze it anew:\n${refresh}`;
  });
  const unfrozen = Object.keys(found).flatMap((file) =>
    file in frozen
      ? []
      : `migrations/${file} is not frozen. Add to ${frozenFile}: "${file}": "${found[file]}"`,
  );
  return [...changed, ...unfrozen];
}

function hashesOf(folder: string): Hashes {
  const hash = (file: string) =>
    createHash('sha256')
      .update(readFileSync(join(folder, file)))
      .digest('hex');
  return Object.fromEntries(readdirSync(folder).map((file) => [file, hash(file)]));
}

function readHashes(folder: string): Hashes {
  return JSON.parse(readFileSync(join(folder, frozenFile), 'utf8')) as Hashes;
}

it('the migrations are as they were when they were frozen', () => {
  const found = breaches(hashesOf(join(root, 'migrations')), readHashes(root));
  // As a message, so that the lines and the command in it can be copied as they are.
  if (found.length > 0) throw new Error(found.join('\n\n'));
});

describe('the check of frozen migrations', () => {
  const frozen = { '1-a.sql': 'aaa', '2-b.sql': 'bbb' };

  it('finds nothing when all are the same', () => {
    expect(breaches({ ...frozen }, frozen)).toEqual([]);
  });

  it('finds one that was changed, and says to add a new one instead', () => {
    const [breach, ...more] = breaches({ ...frozen, '2-b.sql': 'changed' }, frozen);
    expect(more).toEqual([]);
    expect(breach).toContain('migrations/2-b.sql was changed');
    expect(breach).toContain('add a new migration instead');
    expect(breach).toContain(refresh);
  });

  it('finds one that is gone', () => {
    expect(breaches({ '2-b.sql': 'bbb' }, frozen)).toEqual([
      expect.stringContaining('migrations/1-a.sql is gone'),
    ]);
  });

  it('finds one that was renamed, by both names', () => {
    expect(breaches({ '1-a.sql': 'aaa', '2-c.sql': 'bbb' }, frozen)).toHaveLength(2);
  });

  it('finds a new one without a hash, and gives the line to add', () => {
    expect(breaches({ ...frozen, '3-c.sql': 'ccc' }, frozen)).toEqual([
      `migrations/3-c.sql is not frozen. Add to ${frozenFile}: "3-c.sql": "ccc"`,
    ]);
  });

  it('sees a change of one character', () => {
    inFolderWith({ '1-a.sql': 'SELECT 1;' }, (folder) => {
      const before = hashesOf(join(folder, 'migrations'));
      writeFileSync(join(folder, 'migrations/1-a.sql'), 'SELECT 2;');
      expect(breaches(hashesOf(join(folder, 'migrations')), before)).toHaveLength(1);
    });
  });

  it('gives a command that freezes them anew', () => {
    inFolderWith({ '2-b.sql': 'SELECT 2;', '1-a.sql': 'SELECT 1;' }, (folder) => {
      execSync(refresh, { cwd: folder });
      expect(readHashes(folder)).toEqual(hashesOf(join(folder, 'migrations')));
      expect(Object.keys(readHashes(folder))).toEqual(['1-a.sql', '2-b.sql']);
    });
  });
});

function inFolderWith(files: Readonly<Record<string, string>>, act: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'frozen-'));
  mkdirSync(join(folder, 'migrations'));
  mkdirSync(join(folder, dirname(frozenFile)), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, 'migrations', file), text);
  try {
    act(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
