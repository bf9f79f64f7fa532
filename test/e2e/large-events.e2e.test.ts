import { randomUUID } from 'node:crypto';
import { AppendSignal, NewEvent, PostgresEventStore } from '../../src/event-sourcing';
import { ServiceProcess, startService, runProgram } from '../support/service-process';
import { createTestDatabase, TestDatabase } from '../support/test-database';
import { waitUntil } from '../support/wait-until';
import { Client } from './client';
import { jsonLines } from './command-line';
import { runCommand } from '../support/run-command';
import { UserBody } from './users';

interface LogPage {
  readonly items: readonly { readonly position: string }[];
  readonly nextAfter: string | null;
}

/** The log is several times larger than what the process may use. */
const people = 160;
const renamed = 60;
const heap = { NODE_OPTIONS: '--max-old-space-size=128' };

/** As large as an event may be, but for some room. */
const metadata = { note: 'n'.repeat(1_000_000) };

describe('a log of large events', () => {
  let database: TestDatabase;
  let service: ServiceProcess;
  let client: Client;
  const busy = randomUUID();

  beforeAll(async () => {
    database = await createTestDatabase();
    await runCommand(['migrate'], { DATABASE_URL: database.url });
    await fill();
    service = await startService({ DATABASE_URL: database.url, ...heap });
    client = new Client(service.url);
  });

  afterAll(async () => {
    const code = await service.end();
    await database.drop();
    expect(code).toBe(0);
  });

  async function fill(): Promise<void> {
    const connection = { connectionString: database.url };
    const store = new PostgresEventStore({ connection }, new AppendSignal());
    const create = async (id: string, number: number): Promise<unknown> => {
      const email = `person-${number}@example.com`;
      const created = { type: 'UserCreated', data: { name: `Person ${number}`, email }, metadata };
      const claims = [{ scope: 'user.email', value: email }];
      return store.appendToStream({ type: 'User', id }, [created], { expectedVersion: 'no-stream', claims });
    };
    for (let number = 1; number < people; number++) await create(randomUUID(), number);
    await create(busy, people);
    const rename = (number: number): NewEvent => ({
      type: 'UserRenamed',
      data: { name: `Name ${number}` },
      metadata,
    });
    for (let number = 0; number < renamed; number += 10) {
      const events = Array.from({ length: 10 }, (_, n) => rename(number + n));
      await store.appendToStream({ type: 'User', id: busy }, events, { expectedVersion: number + 1 });
    }
    await store.close();
  }

  async function user(): Promise<Partial<UserBody>> {
    const answer = await client.get<UserBody>(`/v1/users/${busy}`);
    return answer.status === 200 ? answer.body : {};
  }

  it('is projected whole by a process that could not hold it', async () => {
    await waitUntil(async () => (await user()).version === renamed + 1);
    expect((await user()).name).toBe(`Name ${renamed - 1}`);
  });

  it('is loaded whole for a command', async () => {
    const answer = await client.put(`/v1/users/${busy}/name`, { name: 'Ada' });
    expect([answer.status, answer.body]).toMatchObject([200, { version: renamed + 2 }]);
    await waitUntil(async () => (await user()).name === 'Ada');
  });

  it('is read page by page, each as long as fits', async () => {
    const positions: number[] = [];
    for (let after: string | null = '0', pages = 0; after !== null && pages < 1_000; pages++) {
      const page: LogPage = (await client.get<LogPage>(`/v1/admin/events?after=${after}&limit=100`)).body;
      positions.push(...page.items.map(({ position }) => Number(position)));
      after = page.nextAfter;
    }
    expect(positions).toEqual(Array.from({ length: people + renamed + 1 }, (_, n) => n + 1));
  });

  it('is verified, and its end shown, by a command line that could not hold it', async () => {
    const environment = { DATABASE_URL: database.url, ...heap };
    const verified = await runProgram('cli.js', ['verify'], environment);
    expect([verified.code, verified.stderr]).toEqual([0, '']);
    const tail = await runProgram('cli.js', ['events', 'tail', '--limit', '12', '--json'], environment);
    const last = people + renamed + 1;
    expect(jsonLines<{ position: string }>(tail.stdout).map(({ position }) => Number(position))).toEqual(
      Array.from({ length: 12 }, (_, n) => last - 11 + n),
    );
  });
});
