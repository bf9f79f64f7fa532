import { type OwnServer, runSql, startOwnServer } from '../support/own-server';
import { waitUntil } from '../support/wait-until';
import { adminKey } from '../support/admin-key';
import { runProgram, startService } from '../support/service-process';

// Starts several processes, and servers of its own: on a busy machine that takes long.
jest.setTimeout(180_000);

let server: OwnServer;

beforeAll(async () => {
  server = await startOwnServer({});
});

afterAll(() => server?.remove());

/** As in production, where nothing is forgiven. */
const production = (environment: Readonly<Record<string, string>> = {}) => ({
  DATABASE_URL: server.url,
  NODE_ENV: 'production',
  ...adminKey.variables,
  LOG_FORMAT: 'text',
  ALLOW_UNSAFE_DATABASE_SETTINGS: 'false',
  PORT: '0',
  ...environment,
});

async function outputOf(environment: Readonly<Record<string, string>>): Promise<string> {
  const service = await startService(environment);
  expect(await service.end()).toBe(0);
  return service.output();
}

async function refusal(): Promise<string> {
  const { code, stdout, stderr } = await runProgram('main.js', [], production());
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^UnsafeServerError: The database server may lose acknowledged events:\n/);
  expect(stderr).toMatch(/ALLOW_UNSAFE_DATABASE_SETTINGS=true starts all the same\.\n$/);
  return stderr;
}

/** A server that was told to read its configuration does so a moment later. */
async function reload(name: string, setting: 'on' | 'off'): Promise<void> {
  await runSql(server.url, 'SELECT pg_reload_conf()');
  await waitUntil(async () => {
    const [row] = await runSql<Record<string, string>>(server.url, `SHOW ${name}`);
    return row?.[name] === setting;
  });
}

describe('a server that keeps what it has acknowledged', () => {
  it('is used without a word, in production too', async () => {
    expect(await outputOf(production())).not.toMatch(/EVENTS MAY BE LOST|NOT PROVEN/);
  });

  it('is warned of in production when it is elsewhere and need not prove its name', async () => {
    const url = server.url.replace('127.0.0.1', '0.0.0.0');
    const output = await outputOf(production({ DATABASE_URL: url }));
    expect(output).toMatch(/WARN.*THE DATABASE SERVER IS NOT PROVEN: .* 0\.0\.0\.0 .*DATABASE_CA_FILE/);
    expect(output).not.toContain(new URL(url).password);
  });
});

describe('a server that may lose what it has acknowledged', () => {
  it('with synchronous_commit off for the role alone, is refused in production, and warned of in development', async () => {
    await runSql(server.url, 'ALTER ROLE annals_admin SET synchronous_commit = off');
    expect(await refusal()).toMatch(/ {2}- synchronous_commit is off for this role: .* Set it to on/);
    const output = await outputOf({ DATABASE_URL: server.url, ALLOW_UNSAFE_DATABASE_SETTINGS: 'false' });
    expect(output).toMatch(/WARN.*EVENTS MAY BE LOST: synchronous_commit is off/);
    await runSql(server.url, 'ALTER ROLE annals_admin RESET synchronous_commit');
  });

  it.each(['fsync', 'full_page_writes'])(
    'with %s off, is refused in production unless that is allowed',
    async (name) => {
      await runSql(server.url, `ALTER SYSTEM SET ${name} = off`);
      await reload(name, 'off');
      expect(await refusal()).toMatch(
        new RegExp(` {2}- ${name} is off: .*Set ${name} = on in postgresql\\.conf`),
      );
      const output = await outputOf(production({ ALLOW_UNSAFE_DATABASE_SETTINGS: 'true' }));
      expect(output).toMatch(new RegExp(`WARN.*EVENTS MAY BE LOST: ${name} is off`));
      await runSql(server.url, `ALTER SYSTEM RESET ${name}`);
      await reload(name, 'on');
    },
  );
});
