import { startService, type ServiceProcess } from '../support/service-process';
import { Client, expectRefused } from './client';
import { type RunningService, startOnNewDatabase } from './running-service';
import { type Acknowledgement, createUser, getUser, historyOf, newEmail } from './users';

let running: RunningService;
let second: ServiceProcess;
let one: Client;
let other: Client;

beforeAll(async () => {
  running = await startOnNewDatabase();
  second = await startService({ DATABASE_URL: running.database.url });
  one = running.client;
  other = new Client(second.url);
});

afterAll(async () => {
  await second.end();
  await running.end();
});

/** A user that `one` has updated, and so keeps, and that `other` has changed since. */
async function changedElsewhere(act: 'deactivate' | 'reactivate' | 'name'): Promise<Acknowledgement> {
  const { userId } = await createUser(one);
  await one.put(`/v1/users/${userId}/name`, { name: 'Kept' });
  if (act === 'reactivate') {
    await one.post(`/v1/users/${userId}/deactivate`);
  }
  const changed =
    act === 'name'
      ? await other.put<Acknowledgement>(`/v1/users/${userId}/name`, { name: 'Changed' })
      : await other.post<Acknowledgement>(`/v1/users/${userId}/${act}`);
  expect(changed.status).toBe(200);
  return changed.body;
}

describe('a command to a process that keeps a user whom another process has changed', () => {
  it('is refused by what the other did', async () => {
    const { userId, version } = await changedElsewhere('deactivate');
    expectRefused(await one.put(`/v1/users/${userId}/name`, { name: 'Late' }), 422, 'user-deactivated');
    expect((await historyOf(one, userId)).length).toBe(version);
  });

  it('is done where only the kept user would refuse it', async () => {
    const { userId, version } = await changedElsewhere('reactivate');
    const answer = await one.put<Acknowledgement>(`/v1/users/${userId}/name`, { name: 'Late' });
    expect(answer).toMatchObject({ status: 200, body: { version: version + 1 } });
  });

  it('is done where only the kept user has it so already', async () => {
    const { userId, version } = await changedElsewhere('name');
    const answer = await one.put<Acknowledgement>(`/v1/users/${userId}/name`, { name: 'Kept' });
    expect(answer).toMatchObject({ status: 200, body: { version: version + 1 } });
    expect(await getUser(one, answer.body)).toMatchObject({ name: 'Kept' });
  });

  it('answers where the user stands now, when there is nothing to do', async () => {
    const changed = await changedElsewhere('name');
    const answer = await one.put<Acknowledgement>(`/v1/users/${changed.userId}/name`, { name: 'Changed' });
    expect(answer.body).toMatchObject({ version: changed.version, position: changed.position });
  });

  it('holds If-Match against the version of now', async () => {
    const { userId, version } = await changedElsewhere('name');
    const rename = (ifVersion: number) =>
      one.put(`/v1/users/${userId}/name`, { name: 'Kept' }, { 'If-Match': `"${ifVersion}"` });
    expectRefused(await rename(version - 1), 412, 'precondition-failed');
    expect((await rename(version)).status).toBe(200);
  });
});

it('150 commands on one user through two processes at once are all done, with dense versions', async () => {
  const { userId } = await createUser(one);
  const answers = await Promise.all(
    Array.from({ length: 150 }, (_, index) =>
      (index % 2 ? one : other).put<Acknowledgement>(`/v1/users/${userId}/email`, { email: newEmail() }),
    ),
  );
  const done = answers.filter(({ status }) => status === 200);
  for (const answer of answers) {
    if (answer.status !== 200) expectRefused(answer, 409, 'version-conflict');
  }
  const versions = (await historyOf(one, userId)).map(({ version }) => version);
  expect(versions).toEqual(versions.map((_, index) => index + 1));
  expect(versions).toHaveLength(done.length + 1);
  const last = Math.max(...done.map(({ body }) => body.version));
  expect(last).toBe(done.length + 1);
});
