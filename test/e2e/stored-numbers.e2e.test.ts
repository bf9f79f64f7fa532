import { randomUUID } from 'node:crypto';
import { commandLineOf, query } from './command-line';
import { type Problem } from './client';
import { type RunningService, startOnNewDatabase } from './running-service';
import { type Acknowledgement, createUser, getUser } from './users';
import { waitUntil } from '../support/wait-until';

let running: RunningService;
let ada: Acknowledgement;

/** The event stands in the log as another program wrote it, with SQL. */
beforeAll(async () => {
  running = await startOnNewDatabase();
  ada = await createUser(running.client);
  const data = '{"name":"Grace","score":12345678901234567890}';
  const metadata = '{"correlationId":"c","causationId":"c","actor":"sql"}';
  await query(
    running.database.url,
    `SELECT annals.try_append_event('User', '${ada.userId}', 1, '${randomUUID()}', 'UserRenamed', 1, '${data}', '${metadata}')`,
  );
});
afterAll(() => running.end());

const words =
  'The event at position 2 ("UserRenamed", schema version 1) holds 12345678901234567890 at data.score, which a number cannot hold exactly.';

describe('a number in the log that JavaScript cannot hold', () => {
  it.each(['/v1/admin/events?after=0', '/v1/admin/streams/User/{id}', '/v1/users/{id}/history'])(
    'is not shown as another one by %s, which says where it is',
    async (path) => {
      const answer = await running.client.get<Problem>(path.replace('{id}', ada.userId));
      expect(answer.status).toBe(500);
      expect(answer.problem?.code).toBe('internal-error');
      expect(answer.problem?.detail).toContain(words);
    },
  );

  it('is not shown by what stands before and behind it', async () => {
    const answer = await running.client.get('/v1/admin/events?after=0&limit=1');
    expect(answer.status).toBe(200);
  });

  it('is told by the command line', async () => {
    const cli = commandLineOf(running.database.url);
    for (const args of [
      ['streams', 'show', 'User', ada.userId],
      ['events', 'tail'],
      ['events', 'tail', '--json'],
    ]) {
      const { code, stderr, stdout } = await cli(...args);
      expect(code).toBe(1);
      expect(stderr).toContain(words);
      expect(stdout).not.toContain('12345678901234567000');
    }
  });

  it('sets aside its own stream, with these words, and no other', async () => {
    const bob = await createUser(running.client, { name: 'Bob' });
    expect((await getUser(running.client, bob)).name).toBe('Bob');
    await waitUntil(async () => {
      const parked = await query<{ error: string }>(
        running.database.url,
        'SELECT error FROM annals.parked_events',
      );
      return parked.some(({ error }) => error.startsWith(words));
    });
    expect((await running.client.get<{ name: string }>(`/v1/users/${ada.userId}`)).body.name).toBe('Ada');
  });

  it('fails a command upon its stream, and no other', async () => {
    const answer = await running.client.put(`/v1/users/${ada.userId}/name`, { name: 'Eve' });
    expect(answer.status).toBe(500);
  });
});
