import { join } from 'node:path';
import { startService, type ServiceProcess } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { waitUntil } from '../support/wait-until';
import { Client } from './client';
import { type Acknowledgement, createUser, getUser, historyOf } from './users';

const planted = `--require ${join(__dirname, 'planted-rejections.cjs')}`;

let database: TestDatabase;
let service: ServiceProcess;
let client: Client;

async function start(environment: Readonly<Record<string, string>> = {}): Promise<void> {
  database = await createTestDatabase();
  service = await startService({ DATABASE_URL: database.url, NODE_OPTIONS: planted, ...environment });
  client = new Client(service.url);
}

function logged(pattern: RegExp): Promise<void> {
  return waitUntil(() => Promise.resolve(pattern.test(service.output())));
}

describe('a promise that is rejected, and that nobody waits for', () => {
  let ada: Acknowledgement;
  let grace: Acknowledgement;

  beforeAll(async () => {
    await start();
    ada = await createUser(client);
    grace = await createUser(client, { name: 'Grace' });
    await getUser(client, grace);
    expect((await client.put(`/v1/users/${ada.userId}/name`, { name: 'Grace' })).status).toBe(200);
  });

  afterAll(async () => {
    expect(await service.end()).toBe(0);
    await database.drop();
  });

  it.each([
    ['a command', 'PUT /v1/users/:userId/name, command RenameUser: RangeError: planted in the command'],
    ['a query', 'GET /v1/users/:userId, query GetUserById: RangeError: planted in the query'],
    ['a durable handler', '"welcome-message" at position 2: RangeError: planted in the durable handler'],
    ['a projector', '"users" at position 2: RangeError: planted in the projector'],
    ['the event bus', 'event bus at position 2: RangeError: planted in the event bus'],
  ])('in %s is logged with what it belonged to', async (_where, words) => {
    const escaped = words.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
    await logged(new RegExp(`no code waits for it, in ${escaped}. The process goes on.`));
  });

  it('by a method of an aggregate that is async meets the seal, and no later command stores what it raises', async () => {
    await logged(
      /in PUT \/v1\/users\/:userId\/name, command RenameUser: AggregateSealedError: User \S+ cannot raise UserRenamed: its decision is over/,
    );
    await client.put(`/v1/users/${ada.userId}/email`, { email: 'ada.later@example.com' });
    const history = await historyOf(client, ada.userId);
    expect(history.map(({ type }) => type)).toEqual(['UserCreated', 'UserRenamed', 'UserEmailChanged']);
  });

  it('neither stops a subscription nor the service', async () => {
    expect((await getUser(client, await createUser(client))).name).toBe('Ada');
    expect((await client.get('/health/ready')).status).toBe(200);
  });
});

describe('an exception that nobody catches', () => {
  it('ends the process, after a line that says what it belonged to', async () => {
    await start({ PLANT_EXCEPTION: 'true' });
    const user = await createUser(client);
    // It may end before it answers.
    await getUser(client, user).catch(() => undefined);
    await logged(
      /No code caught an exception, in GET \/v1\/users\/:userId, query GetUserById: RangeError: thrown in the query. The process ends./,
    );
    expect(await service.end()).not.toBe(0);
    await database.drop();
  });
});
