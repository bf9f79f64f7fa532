import { randomUUID } from 'node:crypto';
import { type RunningService, startOnNewDatabase } from './running-service';
import { type Acknowledgement, command, commands, createUser, getUser, historyOf, newEmail } from './users';

let running: RunningService;
beforeAll(async () => {
  running = await startOnNewDatabase();
});
afterAll(() => running.end());

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('creating a user', () => {
  it('answers 201 with where the user is, its version and its position', async () => {
    const created = await running.client.post<Acknowledgement>('/v1/users', {
      name: 'Ada',
      email: newEmail(),
    });
    expect(created.status).toBe(201);
    const { userId, position } = created.body;
    expect(created.body).toEqual({ userId, version: 1, position });
    expect(position).toMatch(/^[1-9]\d*$/);
    expect(created.headers.get('Location')).toBe(`/v1/users/${userId}`);
    expect(created.headers.get('ETag')).toBe('"1"');
    expect(created.headers.get('Event-Position')).toBe(position);
  });

  it('makes ids of UUID version 7, each greater than the one before', async () => {
    const first = await createUser(running.client);
    await new Promise((resolve) => setTimeout(resolve, 2));
    const second = await createUser(running.client);
    expect(first.userId).toMatch(uuidV7);
    expect(second.userId).toMatch(uuidV7);
    expect(second.userId > first.userId).toBe(true);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'takes an id of UUID version %i that the client chose',
    async (version) => {
      const random = randomUUID();
      const userId = `${random.slice(0, 14)}${version}${random.slice(15)}`;
      const created = await running.client.post('/v1/users', { name: 'Ada', email: newEmail(), userId });
      expect(created.status).toBe(201);
      expect(created.body).toMatchObject({ userId });
    },
  );

  it('knows an id in upper case and in lower case as the same', async () => {
    const userId = randomUUID();
    const created = await createUser(running.client, { userId: userId.toUpperCase() });
    expect(created.userId).toBe(userId);
    expect((await getUser(running.client, { ...created, userId: userId.toUpperCase() })).userId).toBe(userId);
  });

  it('trims the name, and trims and lower-cases the e-mail address', async () => {
    const email = newEmail();
    const { userId } = await createUser(running.client, {
      name: '\t Ada  Lovelace \n',
      email: `  ${email.toUpperCase()} `,
    });
    const [event] = await historyOf(running.client, userId);
    expect(event).toMatchObject({ type: 'UserCreated', version: 1, data: { name: 'Ada  Lovelace', email } });
  });
});

describe('commands on a user', () => {
  it('each answer 200 with the next version and a later position, and append one event', async () => {
    const { userId, position, email } = await createUser(running.client, { name: 'Ada' });
    let last = BigInt(position);
    for (const [index, one] of commands.entries()) {
      const answer = await command(running.client, one, userId);
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({
        userId,
        version: index + 2,
        position: answer.headers.get('Event-Position'),
      });
      expect(answer.headers.get('ETag')).toBe(`"${index + 2}"`);
      expect(BigInt(answer.body.position)).toBeGreaterThan(last);
      last = BigInt(answer.body.position);
    }
    const history = await historyOf(running.client, userId);
    expect(history.map(({ version, type }) => [version, type])).toEqual([
      [1, 'UserCreated'],
      [2, 'UserRenamed'],
      [3, 'UserEmailChanged'],
      [4, 'UserDeactivated'],
      [5, 'UserReactivated'],
    ]);
    expect(history[0]?.data).toEqual({ name: 'Ada', email });
    expect(history[2]?.data).toMatchObject({ oldEmail: email });
    expect(history.slice(3).map(({ data }) => data)).toEqual([{}, {}]);
  });

  it('trim the new name, and trim and lower-case the new e-mail address', async () => {
    const { userId } = await createUser(running.client);
    const email = newEmail();
    await running.client.put(`/v1/users/${userId}/name`, { name: '  Grace\u3000' });
    const changed = await running.client.put<Acknowledgement>(`/v1/users/${userId}/email`, {
      email: ` ${email.toUpperCase()}\n`,
    });
    expect(await getUser(running.client, changed.body)).toMatchObject({ name: 'Grace', email, version: 3 });
  });

  it.each([{}, undefined])('that say everything by their path take the body %j', async (body) => {
    const { userId } = await createUser(running.client);
    for (const path of ['deactivate', 'reactivate']) {
      expect((await running.client.post(`/v1/users/${userId}/${path}`, body)).status).toBe(200);
    }
  });
});

describe('a command that changes nothing', () => {
  const nothing = [
    { what: 'the same name', path: 'name', body: { name: ' Ada ' } },
    { what: 'the same e-mail address', path: 'email', body: 'own' },
    { what: 'reactivate an active user', path: 'reactivate', body: undefined },
  ] as const;

  it.each(nothing)(
    '($what) answers with where the user stands, and appends no event',
    async ({ path, body }) => {
      const { userId, position, email } = await createUser(running.client, { name: 'Ada' });
      await createUser(running.client);
      const given = body === 'own' ? { email: email.toUpperCase() } : body;
      const method = path === 'reactivate' ? 'post' : 'put';
      const answer = await running.client[method](`/v1/users/${userId}/${path}`, given);
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({ userId, version: 1, position });
      expect(answer.headers.get('ETag')).toBe('"1"');
      expect(answer.headers.get('Event-Position')).toBe(position);
      expect(await historyOf(running.client, userId)).toHaveLength(1);
    },
  );

  it('(deactivate twice) answers with where the user stands, and appends no event', async () => {
    const { userId } = await createUser(running.client);
    const first = await running.client.post<Acknowledgement>(`/v1/users/${userId}/deactivate`);
    const second = await running.client.post<Acknowledgement>(`/v1/users/${userId}/deactivate`);
    expect(first.body.version).toBe(2);
    expect([second.status, second.body]).toEqual([200, first.body]);
    expect(await historyOf(running.client, userId)).toHaveLength(2);
  });
});
