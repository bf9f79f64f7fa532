import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { runSql } from '../support/own-server';
import type { ProgramResult } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { waitUntil } from '../support/wait-until';
import { type HostApplications, hostApplications } from './host';
import { WarmProgram } from '../support/warm-program';
import { type HostProcess, startHost } from './host-process';
import { run } from './tarball';

jest.setTimeout(240_000);

const refuseBob = `
  CREATE FUNCTION refuse_bob() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF NEW.text LIKE '%Bob%' THEN RAISE EXCEPTION 'no letters to Bob'; END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER refuse_bob BEFORE INSERT ON letters FOR EACH ROW EXECUTE FUNCTION refuse_bob()`;

describe('annals, the program of the package, on the application of a stranger', () => {
  let applications: HostApplications;
  let database: TestDatabase;
  let bank: HostProcess;
  const warm = new Map<string, WarmProgram>();

  const start = async (): Promise<void> => {
    bank = await startHost({
      node: process.execPath,
      folder: applications.module,
      databaseUrl: database.url,
    });
  };
  const place = (kind: keyof HostApplications) => {
    const { PATH } = process.env;
    return { cwd: applications[kind], env: { PATH, DATABASE_URL: database.url } };
  };
  const bin = (kind: keyof HostApplications): string =>
    join(applications[kind], '../node_modules/.bin/annals');
  /** The program is loaded once for each application: each command starts the application again. */
  const annals = async (
    args: string,
    kind: keyof HostApplications = 'module',
    app = 'dist/app.module.js',
  ): Promise<ProgramResult> => {
    const program = warm.get(kind) ?? new WarmProgram(realpathSync(bin(kind)), place(kind));
    warm.set(kind, program);
    return program.run(['--app', app, ...args.split(' ').filter(Boolean)]);
  };
  const send = (path: string, body: object): Promise<Response> =>
    fetch(`${bank.url}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  const openAccount = async (owner: string): Promise<string> =>
    ((await (await send('/accounts', { owner })).json()) as { id: string }).id;
  const sql = <T extends object>(text: string): Promise<T[]> => runSql<T>(database.url, text);
  const owners = async (): Promise<string[]> =>
    (await sql<{ owner: string }>('SELECT owner FROM balances ORDER BY owner')).map(({ owner }) => owner);
  const letters = async (): Promise<number> => (await sql('SELECT FROM letters')).length;

  let ada: string;

  beforeAll(async () => {
    [applications, database] = await Promise.all([hostApplications(), createTestDatabase({ empty: true })]);
    expect(await annals('verify')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/migrate/) as string,
    });
    expect((await annals('--json migrate')).stdout).toContain('001-tables.sql');
    expect((await annals('migrate', 'commonjs')).stdout).toBe('Nothing to do.\n');
    await start();
    ada = await openAccount('Ada');
    await send(`/accounts/${ada}/movements`, { cents: 500 });
    await waitUntil(async () => (await sql('SELECT FROM balances WHERE cents = 500')).length === 1);
    await waitUntil(async () => (await letters()) === 1);
  });

  afterAll(async () => {
    for (const program of warm.values()) program.end();
    await database.drop();
  });

  it('is a program of its own: it prints, and ends with its exit code', async () => {
    const app = ['--app', 'dist/app.module.js'];
    const ended = run(bin('module'), [...app, 'migrate'], place('module'));
    await expect(ended).resolves.toEqual({ stdout: 'Nothing to do.\n', stderr: '' });
    const refused = run(bin('commonjs'), [...app, 'streams', 'show', 'Account', '0'], place('commonjs'));
    await expect(refused).rejects.toMatchObject({ code: 1, stdout: '' });
  });

  it('shows how the subscriptions stand: exit code 0 while they run, 1 when they do not', async () => {
    const running = await annals('--json projections status');
    const { subscriptions } = JSON.parse(running.stdout) as {
      subscriptions: { name: string; state: string }[];
    };
    expect(subscriptions.map(({ name, state }) => [name, state]).sort()).toEqual([
      ['balances', 'running'],
      ['welcome-letters', 'running'],
    ]);
    expect(running.code).toBe(0);
    await bank.end();
    expect(await annals('projections status')).toMatchObject({ code: 1, stderr: '' });
  });

  it.each(['module', 'commonjs'] as const)('verifies the log and the read models of a %s', async (kind) => {
    const { code, stdout } = await annals('verify', kind);
    expect(stdout).toMatch(/2 events in 1 streams, nothing wrong[^]*"balances": compared .* nothing wrong/);
    expect(code).toBe(0);
  });

  it('finds rows that are no fold of the log, and rebuilds them', async () => {
    await sql('UPDATE balances SET cents = 1');
    const wrong = await annals('verify');
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('balances')]);
    const rebuilt = await annals('projections rebuild balances');
    expect(rebuilt.code).toBe(0);
    expect(rebuilt.stdout).toContain('npx annals --app dist/app.module.js projections drop-old balances');
    expect(await sql('SELECT cents FROM balances')).toEqual([{ cents: 500 }]);
  });

  it('shows streams and the log', async () => {
    expect((await annals(`streams show Account ${ada}`)).stdout).toMatch(/AccountOpened[^]*MoneyMoved/);
    const { stdout } = await annals('--json events tail');
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { position: string });
    expect(lines.map(({ position }) => position)).toEqual(['1', '2']);
    expect((await annals('streams show Account 0')).code).toBe(1);
  });

  it('leaves the subscriptions to the application: nothing is projected by a command', async () => {
    await start();
    await annals('projections pause balances');
    await openAccount('Grace');
    await waitUntil(async () => (await letters()) === 2);
    await bank.end();
    expect((await annals('projections resume balances')).code).toBe(0);
    expect((await annals('events tail')).stdout).toContain('Grace');
    expect(await owners()).toEqual(['Ada']);
    await start();
    await waitUntil(async () => (await owners()).includes('Grace'));
  });

  it('lists what is set aside, tries it again, and gives it up', async () => {
    // A trigger, because a command starts the application, and its `synchronize` drops a constraint that no entity names.
    await sql(refuseBob);
    await openAccount('Bob');
    const parked = (): Promise<ProgramResult> => annals('--json parked list welcome-letters');
    await waitUntil(async () => (await parked()).stdout.includes('no letters to Bob'));
    expect((await annals('parked retry welcome-letters --all')).code).toBe(0);
    await sql('DROP FUNCTION refuse_bob() CASCADE');
    await waitUntil(async () => {
      await annals('parked retry welcome-letters --all');
      return (await letters()) === 3;
    });
    expect((await annals('parked list')).stdout).toBe('Nothing is set aside.\n');
    expect((await annals('parked discard welcome-letters 4 --reason enough')).code).toBe(1);
    await bank.end();
  });

  it.each([
    ['a file that is missing', 'dist/none.js', /There is no file .*none\.js\. Build the application/],
    ['a file without a module', 'dist/account.js', /dist\/account\.js exports no module of Nest/],
  ])('refuses %s, and says what to give', async (_what, app, words) => {
    expect(await annals('verify', 'module', app)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(words) as string,
    });
  });

  it('takes the module of a name, and refuses a name that is none', async () => {
    expect((await annals('--export AppModule events tail')).code).toBe(0);
    const { code, stderr } = await annals('--export Nothing events tail');
    expect([code, stderr]).toEqual([1, expect.stringContaining('It exports: AppModule')]);
  });
});
