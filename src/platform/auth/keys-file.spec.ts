import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ApiKeyEntry, formatEntry, newApiKey, parseApiKeys, sha256Of } from './api-key';
import { addToKeysFile, readKeysFile, removeFromKeysFile } from './keys-file';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keys-'));
  path = join(folder, 'keys');
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = (id: string, more: Partial<ApiKeyEntry> = {}): ApiKeyEntry => ({
  id,
  roles: ['users:read'],
  sha256: sha256Of(newApiKey()),
  subject: undefined,
  ...more,
});
/** Another account is needed, which only root can become. */
const asRoot = process.getuid?.() === 0 ? it : it.skip;

const idsIn = async () => (await readKeysFile(path)).entries.map(({ id }) => id);

describe('a keys file', () => {
  it('is made with the first key, for its owner only', async () => {
    await addToKeysFile(path, entry('a'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await idsIn()).toEqual(['a']);
  });

  it('gives back what was put in, and keeps what it does not know', async () => {
    const own = entry('own', { roles: ['users:self', 'users:read'], subject: 'a/b' });
    writeFileSync(path, '# ours\n\nbroken line');
    chmodSync(path, 0o640);
    await addToKeysFile(path, own);
    await addToKeysFile(path, entry('b'));
    expect(await removeFromKeysFile(path, 'b')).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe(`# ours\n\nbroken line\n${formatEntry(own)}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    const { entries, problems } = await readKeysFile(path);
    expect(entries).toEqual([own]);
    expect(problems.map(({ message }) => message)).toEqual([expect.stringMatching(/^line 3: it must be/)]);
  });

  it('takes an id once', async () => {
    await addToKeysFile(path, entry('a'));
    await expect(addToKeysFile(path, entry('a'))).rejects.toThrow('There is a key "a" already.');
    expect(await idsIn()).toEqual(['a']);
    expect(existsSync(`${path}.new`)).toBe(false);
  });

  it('has one key of an id: a second line of it is none, and both go when the id is revoked', async () => {
    const first = entry('a');
    writeFileSync(path, `${formatEntry(first)}\n${formatEntry(entry('a'))}\n${formatEntry(entry('b'))}\n`);
    const { entries, problems } = await readKeysFile(path);
    expect(entries.map(({ sha256 }) => sha256)).toEqual([first.sha256, expect.any(String)]);
    expect(problems.map(({ message }) => message)).toEqual(['line 2: an earlier line has this id']);
    expect(await removeFromKeysFile(path, 'a')).toBe(true);
    expect(await idsIn()).toEqual(['b']);
    expect(() => parseApiKeys([entry('c'), entry('c')].map(formatEntry).join(','))).toThrow(
      'key 2: an earlier key has this id',
    );
  });

  it('behind a symbolic link changes itself, and the link stays', async () => {
    await addToKeysFile(path, entry('a'));
    const link = join(folder, 'link');
    symlinkSync(path, link);
    await addToKeysFile(link, entry('b'));
    expect(await removeFromKeysFile(link, 'a')).toBe(true);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(await idsIn()).toEqual(['b']);
  });

  asRoot('keeps its owner, its group and its mode when root changes it', async () => {
    await addToKeysFile(path, entry('a'));
    chownSync(path, 12_345, 23_456);
    chmodSync(path, 0o640);
    await addToKeysFile(path, entry('b'));
    await removeFromKeysFile(path, 'a');
    const { uid, gid, mode } = statSync(path);
    expect([uid, gid, mode & 0o777]).toEqual([12_345, 23_456, 0o640]);
  });

  asRoot('that root makes belongs to the owner of its folder', async () => {
    chownSync(folder, 12_345, 23_456);
    await addToKeysFile(path, entry('a'));
    expect([statSync(path).uid, statSync(path).gid]).toEqual([12_345, 23_456]);
  });

  asRoot('stays as it is when the account may not give it back to its owner', async () => {
    await addToKeysFile(path, entry('stolen'));
    chownSync(path, 0, 12_345);
    chmodSync(path, 0o644);
    chownSync(folder, 12_345, 12_345);
    const script = `
      process.setgid(12345); process.setuid(12345);
      require(${JSON.stringify(join(__dirname, '../../../dist/platform/auth/keys-file.js'))})
        .removeFromKeysFile(${JSON.stringify(path)}, 'stolen')
        .then(() => console.log('removed'), (error) => console.log(error.message));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script]);
    expect(stdout).toMatch(/^The keys file belongs to the account 0 .*Nothing was changed\./);
    expect([await idsIn(), existsSync(`${path}.new`)]).toEqual([['stolen'], false]);
  });

  it('says when there is no such key to remove', async () => {
    await addToKeysFile(path, entry('a'));
    expect(await removeFromKeysFile(path, 'b')).toBe(false);
    expect(await idsIn()).toEqual(['a']);
  });

  it('lets one writer in at a time, and the refused one is told what to do', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `k${index}`);
    const outcomes = await Promise.allSettled(ids.map((id) => addToKeysFile(path, entry(id))));
    const stored = ids.filter((_id, index) => outcomes[index]?.status === 'fulfilled');
    expect((await idsIn()).sort()).toEqual(stored.sort());
    for (const outcome of outcomes)
      if (outcome.status === 'rejected')
        expect(String(outcome.reason)).toMatch(/Another command is changing the keys.*remove .*keys\.new/);
  });

  it('in a folder that is not there is not made', async () => {
    await expect(addToKeysFile(join(folder, 'no', 'keys'), entry('a'))).rejects.toThrow(
      /Check that its folder/,
    );
  });
});

describe('API_KEYS', () => {
  it('is a list of entries with commas and blanks between them', () => {
    const [a, b] = [entry('a', { roles: ['admin'] }), entry('b')];
    expect(parseApiKeys(` ${formatEntry(a)},\n ${formatEntry(b)}, `)).toEqual([a, b]);
    expect(parseApiKeys('')).toEqual([]);
  });

  const hash = sha256Of('x');
  it.each([
    ['no entry', 'ann_abc'],
    ['no hash', 'a/admin/ann_abc'],
    ['a short hash', `a/admin/${hash.slice(1)}`],
    ['an upper-case hash', `a/admin/${hash.toUpperCase()}`],
    ['an unknown role', `a/users:delete/${hash}`],
    ['no role', `a//${hash}`],
    ['no id', `/admin/${hash}`],
    ['a strange id', `a b/admin/${hash}`],
    ['users:self without a subject', `a/users:self/${hash}`],
    ['an empty subject', `a/users:self/${hash}/`],
  ])('with %s is refused, by its place and without its text', (_what, text) => {
    let message = '';
    try {
      parseApiKeys(`a/admin/${hash},${text}`);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/^key 2: /);
    expect(message).not.toContain(hash);
    expect(message).not.toContain('ann_abc');
  });
});

it('an API key is 256 random bits behind its prefix', () => {
  const keys = new Set(Array.from({ length: 100 }, newApiKey));
  expect(keys.size).toBe(100);
  for (const key of keys) expect(key).toMatch(/^ann_[A-Za-z0-9_-]{43}$/);
});
