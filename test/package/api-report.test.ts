import { join } from 'node:path';
import { root, run } from './tarball';

jest.setTimeout(120_000);

describe('the API of the package', () => {
  it('is what test/package/api says of every entry point; `npm run api-report` writes that', async () => {
    await run(process.execPath, [join(root, 'scripts/api-report.mjs'), '--check']);
  });

  it('has a reference, made of doc comments whose links lead somewhere', async () => {
    await run(join(root, 'node_modules/.bin/typedoc'), ['--emit', 'none'], { cwd: root });
  });
});
