import { randomUUID } from 'node:crypto';
import { expectInvalid, expectRefused } from './client';
import { type RunningService, startOnNewDatabase } from './running-service';
import { command, commands, createUser, historyOf, newEmail } from './users';

let running: RunningService;
beforeAll(async () => {
  running = await startOnNewDatabase();
});
afterAll(() => running.end());

describe('a user who exists already', () => {
  it('is not created again, and the refused address stays free', async () => {
    const { userId } = await createUser(running.client);
    const email = newEmail();
    const again = await running.client.post('/v1/users', {
      name: 'Eve',
      email,
      userId: userId.toUpperCase(),
    });
    expectRefused(again, 409, 'user-already-exists');
    expect(await historyOf(running.client, userId)).toHaveLength(1);
    await createUser(running.client, { email });
  });

  it('is not created again with the same name and address either', async () => {
    const { userId, email } = await createUser(running.client, { name: 'Ada' });
    const again = await running.client.post('/v1/users', { name: 'Ada', email, userId });
    expectRefused(again, 409, 'user-already-exists');
  });
});

describe('a user who does not exist', () => {
  it.each(commands)('cannot $name', async (one) => {
    expectRefused(await command(running.client, one, randomUUID()), 404, 'user-not-found');
    expectRefused(
      await command(running.client, one, randomUUID(), { 'If-Match': '"1"' }),
      404,
      'user-not-found',
    );
  });
});

describe('an e-mail address that a user has', () => {
  it('is refused to others, in any case and with blanks around it', async () => {
    const { email } = await createUser(running.client);
    const other = await createUser(running.client);
    for (const taken of [email, email.toUpperCase(), ` ${email} `]) {
      const created = await running.client.post('/v1/users', { name: 'Eve', email: taken });
      expectRefused(created, 409, 'email-taken');
      const changed = await running.client.put(`/v1/users/${other.userId}/email`, { email: taken });
      expectRefused(changed, 409, 'email-taken');
    }
    expect(await historyOf(running.client, other.userId)).toHaveLength(1);
  });

  it('stays taken while its holder is deactivated', async () => {
    const { userId, email } = await createUser(running.client);
    await running.client.post(`/v1/users/${userId}/deactivate`);
    expectRefused(await running.client.post('/v1/users', { name: 'Eve', email }), 409, 'email-taken');
  });

  it('becomes free when its holder changes to another, and only then', async () => {
    const { userId, email } = await createUser(running.client);
    const taken = await createUser(running.client);
    const refused = await running.client.put(`/v1/users/${userId}/email`, { email: taken.email });
    expectRefused(refused, 409, 'email-taken');
    expectRefused(await running.client.post('/v1/users', { name: 'Eve', email }), 409, 'email-taken');
    const next = newEmail();
    expect((await running.client.put(`/v1/users/${userId}/email`, { email: next })).status).toBe(200);
    await createUser(running.client, { email });
    expectRefused(await running.client.post('/v1/users', { name: 'Eve', email: next }), 409, 'email-taken');
  });
});

describe('a deactivated user', () => {
  it('can be neither renamed nor given another address, until reactivated', async () => {
    const { userId } = await createUser(running.client);
    await running.client.post(`/v1/users/${userId}/deactivate`);
    const [rename, changeEmail, , reactivate] = commands;
    for (const one of [rename, changeEmail]) {
      expectRefused(await command(running.client, one, userId), 422, 'user-deactivated');
    }
    expect(await historyOf(running.client, userId)).toHaveLength(2);
    for (const one of [reactivate, rename, changeEmail]) {
      expect((await command(running.client, one, userId)).status).toBe(200);
    }
  });

  it('refuses even a change to the name and the address that it has', async () => {
    const { userId, email } = await createUser(running.client, { name: 'Ada' });
    await running.client.post(`/v1/users/${userId}/deactivate`);
    const rename = await running.client.put(`/v1/users/${userId}/name`, { name: 'Ada' });
    expectRefused(rename, 422, 'user-deactivated');
    const changed = await running.client.put(`/v1/users/${userId}/email`, { email });
    expectRefused(changed, 422, 'user-deactivated');
  });
});

describe('If-Match', () => {
  it.each(commands)('with the right version lets a command through ($name)', async (one) => {
    const { userId } = await createUser(running.client);
    expect((await command(running.client, one, userId, { 'If-Match': '"1"' })).status).toBe(200);
  });

  it.each(commands)('with another version refuses a command ($name)', async (one) => {
    const { userId } = await createUser(running.client);
    for (const tag of ['"0"', '"2"', '"01"', '"one"', '""', 'W/"1"', '"2", "3"', 'W/"1", "4"']) {
      const answer = await command(running.client, one, userId, { 'If-Match': tag });
      expectRefused(answer, 412, 'precondition-failed');
    }
    expect(await historyOf(running.client, userId)).toHaveLength(1);
  });

  it.each(['*', '"3", "1"', '"1","2"', 'W/"2", "1"'])('%s holds for a user at version 1', async (tag) => {
    const { userId } = await createUser(running.client);
    const renamed = await running.client.put(
      `/v1/users/${userId}/name`,
      { name: 'Eve' },
      { 'If-Match': tag },
    );
    expect([renamed.status, renamed.headers.get('ETag')]).toEqual([200, '"2"']);
  });

  it.each(['1', '"1', '1"', "'1'", 'W/1', 'w/"1"', '"1" "2"', '*, "1"', '"1", 2', ''])(
    '%j is malformed',
    async (tag) => {
      const { userId } = await createUser(running.client);
      const headers = { 'If-Match': tag };
      expectInvalid(
        await running.client.put(`/v1/users/${userId}/name`, { name: 'Eve' }, headers),
        '#/headers/If-Match',
      );
      expectInvalid(
        await running.client.post(`/v1/users/${userId}/deactivate`, {}, headers),
        '#/headers/If-Match',
      );
      expect(await historyOf(running.client, userId)).toHaveLength(1);
    },
  );

  it('is judged before the command, even one that would change nothing', async () => {
    const { userId } = await createUser(running.client, { name: 'Ada' });
    const rename = (version: string) =>
      running.client.put(`/v1/users/${userId}/name`, { name: 'Ada' }, { 'If-Match': `"${version}"` });
    expectRefused(await rename('2'), 412, 'precondition-failed');
    expect((await rename('1')).status).toBe(200);
    await running.client.post(`/v1/users/${userId}/deactivate`);
    expectRefused(await rename('1'), 412, 'precondition-failed');
    expectRefused(await rename('2'), 422, 'user-deactivated');
  });

  it('lets exactly one of many through that decide upon the same version', async () => {
    const { userId } = await createUser(running.client);
    const rename = (_: unknown, index: number) =>
      running.client.put(`/v1/users/${userId}/name`, { name: `Name ${index}` }, { 'If-Match': '"1"' });
    const answers = await Promise.all(Array.from({ length: 20 }, rename));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array<number>(19).fill(412)]);
    expect(await historyOf(running.client, userId)).toHaveLength(2);
  });
});
