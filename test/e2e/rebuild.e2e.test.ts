import { randomUUID } from 'node:crypto';
import { Client as Postgres } from 'pg';
import { commandLineOf, jsonLines, RunCommand } from './command-line';
import { RunningService, startOnNewDatabase } from './running-service';
import { waitUntil } from '../support/wait-until';

interface Status {
  readonly name: string;
  readonly state: string;
  readonly rebuild: {
    readonly checkpoint: string;
    readonly eventsPerSecond: number;
    readonly failure: string | null;
  } | null;
}

const subscriptions = '/v1/admin/subscriptions';

describe('a read model is made anew', () => {
  let running: RunningService;
  let cli: RunCommand;
  let sql: Postgres;
  let userId: string;

  beforeAll(async () => {
    running = await startOnNewDatabase();
    cli = commandLineOf(running.database.url);
    sql = new Postgres({ connectionString: running.database.url });
    await sql.connect();
    userId = randomUUID();
    await running.client.post('/v1/users', { userId, name: 'Ada', email: 'ada@example.com' });
    await waitUntil(async () => (await nameOfAda()) === 'Ada');
  });

  afterAll(async () => {
    await sql.end();
    await running.end();
  });

  async function nameOfAda(): Promise<string | undefined> {
    const answer = await running.client.get<{ name: string }>(`/v1/users/${userId}`);
    return answer.status === 200 ? answer.body.name : undefined;
  }

  const users = async () =>
    (await running.client.get<{ items: Status[] }>(subscriptions)).body.items.find(
      ({ name }) => name === 'users',
    );
  const spoil = () => sql.query("UPDATE users SET name = 'Mallory'");
  const verify = async () => (await cli('verify')).code;

  it('by a request, while queries go on; a second request meanwhile is refused', async () => {
    await spoil();
    // A reader that stays keeps the new rows from taking over.
    await sql.query('BEGIN; LOCK TABLE users IN ACCESS SHARE MODE');
    expect((await running.client.post(`${subscriptions}/users/rebuild`)).status).toBe(202);
    const second = await running.client.post(`${subscriptions}/users/rebuild`);
    expect([second.status, second.problem?.code]).toEqual([409, 'rebuild-in-progress']);
    expect(await users()).toMatchObject({
      state: 'rebuilding',
      rebuild: { eventsPerSecond: expect.any(Number) as number },
    });
    await waitUntil(async () =>
      / in use by process \d+ of the server /.test((await users())?.rebuild?.failure ?? ''),
    );
    expect(await nameOfAda()).toBe('Mallory');
    await sql.query('COMMIT');
    await waitUntil(async () => (await nameOfAda()) === 'Ada');
    expect(await users()).toMatchObject({ rebuild: null });
    expect(await verify()).toBe(0);
  });

  it('by a command, which shows the rows that differ before the new ones take over', async () => {
    await spoil();
    const { code, stdout } = await cli('--json', 'projections', 'rebuild', 'users', '--compare');
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toMatchObject([
      { table: 'users', side: 'old', row: { user_id: userId, name: 'Mallory' } },
      { table: 'users', side: 'new', row: { user_id: userId, name: 'Ada' } },
      { projection: 'users', differences: 2 },
      { rebuilt: 'users' },
    ]);
    expect(await nameOfAda()).toBe('Ada');
    const old = await sql.query<{ name: string }>('SELECT name FROM annals_old.users');
    expect(old.rows).toEqual([{ name: 'Mallory' }]);
    expect((await cli('projections', 'drop-old', 'users')).stdout).toBe('Dropped.\n');
    expect((await cli('projections', 'drop-old', 'users')).stdout).toBe('There are no old rows.\n');
  });

  it('and is given up, when an operator wants that', async () => {
    await spoil();
    await sql.query('BEGIN; LOCK TABLE users IN ACCESS SHARE MODE');
    await running.client.post(`${subscriptions}/users/rebuild`);
    const again = await cli('projections', 'rebuild', 'users');
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('--resume')]);
    const given = cli('projections', 'cancel-rebuild', 'users');
    expect((await given).code).toBe(0);
    await sql.query('COMMIT');
    expect(await nameOfAda()).toBe('Mallory');
    expect((await cli('projections', 'cancel-rebuild', 'users')).code).toBe(1);
    expect((await cli('projections', 'rebuild', 'users')).code).toBe(0);
    expect(await nameOfAda()).toBe('Ada');
  });

  it('but not where there are no rows', async () => {
    const handler = await running.client.post(`${subscriptions}/welcome-message/rebuild`);
    expect([handler.status, handler.problem?.code]).toEqual([400, 'validation-failed']);
    expect((await running.client.post(`${subscriptions}/nobody/rebuild`)).status).toBe(404);
    const { code, stderr } = await cli('projections', 'rebuild', 'welcome-message');
    expect([code, stderr]).toEqual([1, expect.stringContaining('durable handler')]);
  });
});
