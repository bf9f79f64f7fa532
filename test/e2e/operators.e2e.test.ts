import { randomUUID } from 'node:crypto';
import { Client as Postgres } from 'pg';
import { commandLineOf, jsonLines, RunCommand } from './command-line';
import { RunningService, startOnNewDatabase } from './running-service';
import { waitUntil } from '../support/wait-until';

interface Status {
  readonly name: string;
  readonly kind: string;
  readonly state: string;
  readonly checkpoint: string;
  readonly head: string;
  readonly lagEvents: number;
  readonly parkedCount: number;
  readonly owner: string | null;
}

interface Parked {
  readonly position: string;
  readonly streamId: string;
  readonly state: string;
  readonly attempts: number;
  readonly category: string | null;
  readonly error: string | null;
}

const subscriptions = '/v1/admin/subscriptions';

describe('operators', () => {
  let running: RunningService;
  let cli: RunCommand;
  let sql: Postgres;

  beforeAll(async () => {
    running = await startOnNewDatabase();
    cli = commandLineOf(running.database.url);
    sql = new Postgres({ connectionString: running.database.url });
    await sql.connect();
    await waitUntil(async () => (await statusOf('welcome-message'))?.state === 'running');
  });

  afterAll(async () => {
    await sql.end();
    await running.end();
  });

  const get = async <T>(path: string) => (await running.client.get<T>(path)).body;
  const statusOf = async (name: string) =>
    (await get<{ items: Status[] }>(subscriptions)).items.find((status) => status.name === name);
  const parked = async () =>
    (await get<{ items: Parked[] }>(`${subscriptions}/welcome-message/parked`)).items;
  const messagesTo = async (userId: string) =>
    (await sql.query<{ text: string }>('SELECT text FROM welcome_messages WHERE user_id = $1', [userId]))
      .rows;

  async function createUser(userId: string = randomUUID()): Promise<string> {
    const email = `${userId}@example.com`;
    const answer = await running.client.post<{ position: string }>('/v1/users', {
      userId,
      name: 'Ada',
      email,
    });
    expect(answer.status).toBe(201);
    return userId;
  }

  /** A user whose welcome fails, because a message to that user stands in the outbox already. */
  async function createUnwelcome(): Promise<string> {
    const userId = randomUUID();
    await sql.query("INSERT INTO welcome_messages VALUES ($1, $2, 'x@example.com', 'in the way', now())", [
      randomUUID(),
      userId,
    ]);
    await createUser(userId);
    await waitUntil(async () => (await parked()).some((event) => event.streamId === userId));
    return userId;
  }

  it('see how each subscription stands', async () => {
    const userId = await createUser();
    await waitUntil(async () => (await messagesTo(userId)).length === 1);
    await waitUntil(async () => (await statusOf('users'))?.lagEvents === 0);
    const { items } = await get<{ items: Status[] }>(subscriptions);
    expect(items.map(({ name, kind, state }) => [name, kind, state])).toEqual([
      ['users', 'projector', 'running'],
      ['welcome-message', 'handler', 'running'],
    ]);
    expect(items[0]).toMatchObject({
      checkpoint: items[0]?.head,
      parkedCount: 0,
      owner: expect.any(String) as string,
    });
    const printed = await cli('--json', 'projections', 'status');
    expect(printed.code).toBe(0);
    expect(jsonLines<{ subscriptions: Status[] }>(printed.stdout)[0]?.subscriptions).toHaveLength(2);
    expect((await cli('projections', 'status')).stdout).toMatch(/^name +kind +version +state/);
  });

  it('every new user is welcomed once, and one failing welcome does not hold up the others', async () => {
    const unwelcome = await createUnwelcome();
    const others = await Promise.all(Array.from({ length: 20 }, () => createUser()));
    for (const userId of others) {
      await waitUntil(async () => (await messagesTo(userId)).length === 1);
      expect(await messagesTo(userId)).toEqual([{ text: 'Welcome, Ada!' }]);
    }
    expect((await parked()).find((event) => event.streamId === unwelcome)).toMatchObject({
      error: expect.stringContaining('welcome_messages_user_id') as string,
    });
    expect((await statusOf('users'))?.parkedCount).toBe(0);
  });

  it('mend what was in the way, and have the event tried again', async () => {
    const userId = await createUnwelcome();
    const event = (await parked()).find(({ streamId }) => streamId === userId);
    await sql.query('DELETE FROM welcome_messages WHERE user_id = $1', [userId]);
    const path = `${subscriptions}/welcome-message/parked/${event?.position}/retry`;
    expect((await running.client.post(path)).status).toBe(202);
    await waitUntil(async () => !(await parked()).some(({ streamId }) => streamId === userId));
    expect(await messagesTo(userId)).toEqual([{ text: 'Welcome, Ada!' }]);
    expect((await running.client.post(path)).problem?.code).toBe('not-found');
  });

  it('have all streams tried again, or one, and are told how many that are', async () => {
    const users = [await createUnwelcome(), await createUnwelcome(), await createUnwelcome()];
    const list = await cli('parked', 'list', 'welcome-message');
    expect(list.stdout).toMatch(/tries {2}data: .*welcome_messages_user_id/);
    expect((await parked()).find(({ streamId }) => streamId === users[0])?.category).toBe('data');
    // As after the last try: now nothing happens by itself.
    await sql.query(
      "UPDATE annals.parked_events SET state = 'parked', next_attempt_at = NULL WHERE state = 'retrying'",
    );
    await sql.query('DELETE FROM welcome_messages WHERE user_id = ANY ($1)', [users]);
    const one = await cli('parked', 'retry', 'welcome-message', '--stream', 'User', users[0] ?? '');
    expect([one.code, one.stdout]).toEqual([0, expect.stringContaining(`User/${users[0]} is tried again`)]);
    const all = await cli('--json', 'parked', 'retry', 'welcome-message', '--all');
    expect(all.code).toBe(0);
    expect(jsonLines<object>(all.stdout)[0]).toMatchObject({ subscription: 'welcome-message' });
    await waitUntil(async () => !(await parked()).some(({ streamId }) => users.includes(streamId)));
    for (const userId of users) expect(await messagesTo(userId)).toEqual([{ text: 'Welcome, Ada!' }]);
    const none = await cli('parked', 'retry', 'welcome-message', '--stream', 'User', users[0] ?? '');
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('has set nothing of the stream')]);
  });

  it.each([
    ['nothing to retry', []],
    ['a position and --all', ['1', '--all']],
    ['a stream without an id', ['--stream', 'User']],
    ['a stream with too much', ['--stream', 'User', '1', '2']],
    ['a position that is none', ['one']],
  ])('are told what to type: %s', async (_what, given) => {
    const { code, stderr } = await cli('parked', 'retry', 'welcome-message', ...given);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/Give|whole number/)]);
  });

  it('give an event up, with a reason that is kept', async () => {
    const userId = await createUnwelcome();
    const { stdout } = await cli('--json', 'parked', 'list', 'welcome-message');
    const events = jsonLines<{ position: string; stream: { id: string } }>(stdout);
    const position = events.find(({ stream }) => stream.id === userId)?.position ?? '';
    const withoutReason = await cli('parked', 'discard', 'welcome-message', position);
    expect([withoutReason.code, withoutReason.stderr]).toEqual([1, expect.stringContaining('--reason')]);
    expect(
      (await cli('parked', 'discard', 'welcome-message', position, '--reason', 'spoke to her')).code,
    ).toBe(0);
    expect((await parked()).some(({ streamId }) => streamId === userId)).toBe(false);
    const kept = await sql.query('SELECT reason, actor FROM annals.discarded_events WHERE position = $1', [
      position,
    ]);
    expect(kept.rows).toEqual([{ reason: 'spoke to her', actor: 'cli' }]);
    expect((await cli('parked', 'retry', 'welcome-message', position)).code).toBe(1);
    const again = `${subscriptions}/welcome-message/parked/${position}/discard`;
    expect((await running.client.post(again, { reason: 'twice' })).problem?.code).toBe('not-found');
    expect((await running.client.post(again, {})).problem?.code).toBe('validation-failed');
  });

  it('pause a subscription and resume it', async () => {
    expect((await running.client.post(`${subscriptions}/users/pause`)).status).toBe(202);
    const userId = await createUser();
    expect((await running.client.get(`/v1/users/${userId}`)).problem?.code).toBe('user-not-found');
    expect(await statusOf('users')).toMatchObject({ state: 'stopped', owner: null });
    expect((await cli('projections', 'status')).code).toBe(1);
    expect((await cli('projections', 'resume', 'users')).code).toBe(0);
    await waitUntil(async () => (await running.client.get(`/v1/users/${userId}`)).status === 200);
  });

  it('are told when there is no such subscription', async () => {
    expect((await running.client.post(`${subscriptions}/nobody/pause`)).problem?.status).toBe(404);
    expect((await running.client.get(`${subscriptions}/nobody/parked`)).problem?.status).toBe(404);
    const { code, stderr } = await cli('projections', 'pause', 'nobody');
    expect([code, stderr]).toEqual([1, expect.stringContaining('There are: users, welcome-message')]);
  });

  it('see what an aggregate was behind each of its events, and what each changed', async () => {
    const userId = await createUser();
    await running.client.put(`/v1/users/${userId}/name`, { name: 'Ada Lovelace' });
    const states = `/v1/admin/streams/User/${userId}/states`;
    const page = await get<{ items: object[]; nextFrom: number | null }>(`${states}?from=1&to=2`);
    expect(page).toMatchObject({
      items: [
        { version: 1, type: 'UserCreated', state: { name: 'Ada', isActive: true } },
        {
          version: 2,
          type: 'UserRenamed',
          state: { name: 'Ada Lovelace', email: `${userId}@example.com` },
          changes: [{ pointer: '/name', kind: 'changed', from: 'Ada', to: 'Ada Lovelace' }],
        },
      ],
      nextFrom: null,
    });
    expect(page.items).toHaveLength(2);
    expect(await get(`${states}?from=2`)).toMatchObject({ items: [{ version: 2 }] });
    for (const nothing of [
      `${states}?from=3`,
      states.replace('User', 'Order'),
      states.replace(userId, 'none'),
    ])
      expect((await running.client.get(nothing)).problem).toMatchObject({ status: 404, code: 'not-found' });
    for (const wrong of [`${states}?from=2&to=1`, `${states}?from=0`, `${states}?from=one`])
      expect((await running.client.get(wrong)).problem).toMatchObject({ status: 400 });

    const shown = await cli('streams', 'show', 'User', userId, '--at', '2', '--json');
    expect(jsonLines(shown.stdout)).toMatchObject([{ version: 2, state: { name: 'Ada Lovelace' } }]);
    const { stdout } = await cli('streams', 'show', 'User', userId, '--at', '2');
    expect(stdout).toContain('changed /name: "Ada" -> "Ada Lovelace"');
    const beyond = await cli('streams', 'show', 'User', userId, '--at', '3');
    expect([beyond.code, beyond.stdout, beyond.stderr]).toEqual([
      1,
      '',
      expect.stringContaining('has no version 3 yet'),
    ]);
  });

  it('read the log, raw', async () => {
    const userId = await createUser();
    const stream = await get<{ items: { version: number; type: string }[]; nextAfter: number | null }>(
      `/v1/admin/streams/User/${userId}`,
    );
    expect(stream).toMatchObject({ items: [{ version: 1, type: 'UserCreated' }], nextAfter: null });
    const page = await get<{ items: { position: string }[]; nextAfter: string }>(
      '/v1/admin/events?after=1&limit=2',
    );
    expect(page.items.map(({ position }) => position)).toEqual(['2', '3']);
    expect(page.nextAfter).toBe('3');
    const typed = await get<{ items: unknown[] }>('/v1/admin/events?limit=5&type=Nothing');
    expect(typed.items).toEqual([]);
  });
});
