import { join } from 'node:path';
import { businessWords } from './business-words';
import { readSources } from './import-graph';

const inPlatform = (text: string, file = 'http/http.module.ts') =>
  businessWords(new Map([[`src/platform/${file}`, text]]));

describe('the words of features', () => {
  it.each([
    [`const roles = ['users:read'];`, 'users:read'],
    [`const OWN_USER_PARAMETER = 1;`, 'OWN USER PARAMETER'],
    [`function find(ownUserId: string) {}`, 'own User Id'],
    [`class UsersGuard {}`, 'Users Guard'],
    ['const says = `The version of the user ${1}, in quotes.`;', 'The version of the user '],
    ['const path = `${1}/v1/users/${2}`;', '/v1/users/'],
    [`const about = 'Users over REST';`, 'Users over REST'],
    [`const path = /^\\/v1\\/users/;`, '/^\\/v1\\/users/'],
    [`import { UsersModule } from '../../modules/users';`, 'Users Module'],
    [`export interface Caller { readonly userId: string }`, 'user Id'],
  ])('are found in the platform: %s', (text, words) => {
    expect(inPlatform(text)).toContain(`src/platform/http/http.module.ts:1 ${words}`);
  });

  it('are free in comments, in other folders, and where they mean something else', () => {
    expect(inPlatform('// of the user')).toEqual([]);
    expect(inPlatform('const actor = `user:${1}`;')).toEqual([]);
    expect(inPlatform(`const like = 'postgres://user:password@host:5432/database';`)).toEqual([]);
    expect(inPlatform(`const superuser = useAnotherServer;`)).toEqual([]);
    expect(inPlatform(`const user = 1;`, 'embedded-postgres/account.ts')).toEqual([]);
    expect(businessWords(new Map([['src/modules/users/index.ts', `const user = 'user';`]]))).toEqual([]);
  });

  it('are nowhere in the platform: it hosts any service, and features tell it what it needs', () => {
    const sources = readSources(join(__dirname, '../..'));
    expect([...sources.keys()].filter((file) => file.startsWith('src/platform/')).length).toBeGreaterThan(50);
    expect(businessWords(sources)).toEqual([]);
  });
});
