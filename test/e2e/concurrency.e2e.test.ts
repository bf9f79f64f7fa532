import { randomUUID } from 'node:crypto';
import { expectRefused } from './client';
import { type RunningService, startOnNewDatabase } from './running-service';
import { type Acknowledgement, createUser, getUser, historyOf, newEmail, type UserPage } from './users';

let running: RunningService;
beforeAll(async () => {
  running = await startOnNewDatabase();
});
afterAll(() => running.end());

function atOnce<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => work(index)));
}

const from1To = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe('50 commands on one user at once', () => {
  it('are all done, and the versions are dense', async () => {
    const { userId } = await createUser(running.client);
    const answers = await atOnce(50, (index) =>
      running.client.put<Acknowledgement>(`/v1/users/${userId}/name`, { name: `Name ${index}` }),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
    const versions = answers.map(({ body }) => body.version).sort((a, b) => a - b);
    expect(versions).toEqual(from1To(51).slice(1));
    const history = await historyOf(running.client, userId);
    expect(history.map(({ version }) => version)).toEqual(from1To(51));
    expect(new Set(history.slice(1).map(({ data }) => data.name)).size).toBe(50);
  });

  it('leave the read model as the last of them says', async () => {
    const { userId } = await createUser(running.client);
    const answers = await atOnce(50, (index) =>
      running.client.put<Acknowledgement>(`/v1/users/${userId}/name`, { name: `Name ${index}` }),
    );
    const last = answers.find(({ body }) => body.version === 51)?.body;
    const { data, timestamp } = (await historyOf(running.client, userId)).at(-1) ?? {};
    const user = await getUser(running.client, last ?? { userId, version: 0, position: '0' });
    expect(user).toMatchObject({ version: 51, name: data?.name, updatedAt: timestamp });
  });
});

describe('40 users created at once with one e-mail address', () => {
  it('become exactly one user, and the others are told that the address is taken', async () => {
    const email = newEmail();
    const answers = await atOnce(40, (index) =>
      running.client.post<Acknowledgement>('/v1/users', { name: `Twin ${index}`, email }),
    );
    const [created, ...more] = answers.filter(({ status }) => status === 201);
    expect(more).toEqual([]);
    const refused = answers.filter((answer) => answer !== created);
    for (const answer of refused) expectRefused(answer, 409, 'email-taken');
    expect(refused).toHaveLength(39);
    const headers = { 'Min-Event-Position': created?.body.position ?? '' };
    const found = await running.client.get<UserPage>(`/v1/users?email=${email}`, headers);
    expect(found.body.items.map(({ userId }) => userId)).toEqual([created?.body.userId]);
  });
});

describe('40 users created at once with one id', () => {
  it('become exactly one user, the others are told that it exists, and their addresses stay free', async () => {
    const userId = randomUUID();
    const emails = from1To(40).map(newEmail);
    const answers = await atOnce(40, (index) =>
      running.client.post('/v1/users', { name: 'Ada', email: emails[index], userId }),
    );
    const winners = answers.filter(({ status }) => status === 201);
    expect(winners).toHaveLength(1);
    for (const answer of answers)
      if (answer !== winners[0]) expectRefused(answer, 409, 'user-already-exists');
    expect(await historyOf(running.client, userId)).toHaveLength(1);
    const free = emails.filter((_, index) => answers[index] !== winners[0]);
    await Promise.all(free.map((email) => createUser(running.client, { email })));
  });
});

describe('one address that 40 users want at once', () => {
  it('goes to exactly one of them, and the others keep theirs', async () => {
    const users = await atOnce(40, () => createUser(running.client));
    const wanted = newEmail();
    const answers = await atOnce(40, (index) =>
      running.client.put(`/v1/users/${users[index]?.userId}/email`, { email: wanted }),
    );
    const winners = users.filter((_, index) => answers[index]?.status === 200);
    expect(winners).toHaveLength(1);
    for (const answer of answers) if (answer.status !== 200) expectRefused(answer, 409, 'email-taken');
    for (const { userId, email } of users) {
      const isWinner = userId === winners[0]?.userId;
      const again = await running.client.post('/v1/users', { name: 'Eve', email });
      expect(again.status).toBe(isWinner ? 201 : 409);
    }
  });
});
