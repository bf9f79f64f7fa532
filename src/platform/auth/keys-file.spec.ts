import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiKeyEntry, formatEntry, newApiKey, parseApiKeys, sha256Of } from './api-key';
import { readKeysFile } from './keys-file';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keys-'));
  path = join(folder, 'keys');
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = (id: string, more: Partial<ApiKeyEntry> = {}): ApiKeyEntry => ({
  id,
  roles: ['things:read'],
  sha256: sha256Of(newApiKey()),
  subject: undefined,
  ...more,
});

describe('a keys file', () => {
  it('gives an entry a line, passes over comments, and tells of lines that it cannot read without repeating them', async () => {
    const own = entry('own', { roles: ['things:own', 'things:read'], subject: 'a/b' });
    writeFileSync(path, `# ours\n\nops/admin/ann_secret\n  ${formatEntry(own)}  \n`);
    const { entries, problems } = await readKeysFile(path);
    expect(entries).toEqual([own]);
    expect(problems).toEqual([expect.stringMatching(/^line 3: it must be/)]);
    expect(problems.join()).not.toContain('secret');
  });

  it('has one key of an id: a second line of it is a problem', async () => {
    const first = entry('a');
    writeFileSync(path, [first, entry('a'), entry('b')].map(formatEntry).join('\n'));
    const { entries, problems } = await readKeysFile(path);
    expect(entries.map(({ id, sha256 }) => [id, sha256])).toEqual([
      ['a', first.sha256],
      ['b', expect.any(String)],
    ]);
    expect(problems).toEqual(['line 2: an earlier line has this id']);
    expect(() => parseApiKeys([entry('c'), entry('c')].map(formatEntry).join(','))).toThrow(
      'key 2: an earlier key has this id',
    );
  });
});
