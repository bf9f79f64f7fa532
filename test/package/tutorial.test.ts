import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { FollowedPage } from './followed-page';
import { filesOf } from './page';
import { root } from './tarball';

jest.setTimeout(240_000);

const tutorial = 'docs/tutorial.md';
const example = join(root, 'examples/orders');

describe('the tutorial', () => {
  let database: TestDatabase;
  let page: FollowedPage;

  beforeAll(async () => {
    database = await createTestDatabase({ empty: true });
    page = new FollowedPage(tutorial, database.url);
  });

  afterAll(async () => {
    await page.end();
    await database.drop();
  });

  it('does what it says: its files compile, its specs pass, and its requests are answered as printed', async () => {
    await page.follow();
  });

  it('builds examples/orders, file by file', () => {
    const files = readdirSync(example, { recursive: true, encoding: 'utf8' })
      .map((name) => join(example, name))
      .filter((path) => statSync(path).isFile() && !path.endsWith('README.md'));
    const built = Object.fromEntries(
      files.map((path) => [relative(example, path), readFileSync(path, 'utf8')]),
    );
    expect(Object.fromEntries(filesOf(tutorial))).toEqual(built);
  });
});
