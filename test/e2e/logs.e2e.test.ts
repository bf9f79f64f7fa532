import { randomBytes, randomUUID } from 'node:crypto';
import { adminKey } from '../support/admin-key';
import { startService, type ServiceProcess } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { Client } from './client';
import { eventually, jsonLines, query } from './command-line';
import { type DatabaseProxy, proxyTo } from './database-proxy';
import { createUser, getUser } from './users';

interface Line {
  readonly level: string;
  readonly time: string;
  readonly pid: number;
  readonly message: string;
  readonly context?: string;
  readonly stack?: string;
  readonly correlationId?: string;
  readonly actor?: string;
  readonly method?: string;
  readonly route?: string;
  readonly status?: number;
  readonly milliseconds?: number;
}

const random = (): string => randomBytes(6).toString('hex');

/** Values that occur in requests and nowhere else. */
const personal = {
  name: `Nameless${random()}`,
  local: `address${random()}`,
  domain: `domain${random()}.example`,
  piece: `piece${random()}`,
  token: `eyJhbGciOiJub25lIn0.${random()}.${random()}`,
  key: `ann_${random()}`,
  password: `password${random()}`,
};
const email = `${personal.local}@${personal.domain}`;
const authorization = { Authorization: `Bearer ${personal.token}` };

async function createAndRead(client: Client): Promise<void> {
  const user = await createUser(client, { name: personal.name, email });
  await getUser(client, user);
  await client.put(`/v1/users/${user.userId}/name`, { name: `${personal.name} II` });
  await client.get(`/v1/users?email=${personal.local}`);
  await client.get(`/v1/users?email=${encodeURIComponent(email)}&${personal.piece}=1`);
  await client.get(`/v1/users/${user.userId}/history`);
  await client.get('/v1/admin/events?after=0&limit=10');
}

/** Requests that are refused, each for a reason of its own. */
async function beRefused(client: Client): Promise<void> {
  const json = { 'Content-Type': 'application/json' };
  await client.post('/v1/users', { name: personal.name, email });
  await client.post('/v1/users', { name: personal.name, email: `${personal.piece}${email}@` });
  await client.post('/v1/users', { name: personal.name, email, [personal.piece]: email });
  await client.send('POST', '/v1/users', {
    headers: json,
    body: `{"name":"${personal.name}","email":${email}`,
  });
  await client.send('POST', '/v1/users', { headers: { 'Content-Type': 'text/plain' }, body: email });
  await client.send('POST', '/v1/users', {
    headers: json,
    body: JSON.stringify({ name: email.repeat(5_000) }),
  });
  await client.get(`/v1/${personal.piece}/${email}`);
  await client.get(`/v1/users/${email}`, { 'If-None-Match': email, Cookie: personal.piece });
  await client.get('/v1/users', authorization);
  await client.get('/v1/users', { Authorization: `Bearer ${personal.key}` });
  await client.get('/v1/users', { Authorization: `Basic ${btoa(`${email}:${personal.password}`)}` });
}

/** The service fails by itself: its table is gone. The driver's error knows statement and parameters. */
async function failInside(client: Client, databaseUrl: string): Promise<string> {
  await query(databaseUrl, 'ALTER TABLE users RENAME TO users_elsewhere');
  const failed = await client.get(`/v1/users?email=${personal.piece}`);
  expect(failed.status).toBe(500);
  await query(databaseUrl, 'ALTER TABLE users_elsewhere RENAME TO users');
  return failed.headers.get('X-Correlation-Id') ?? '';
}

/** A handler fails with what the database says, in which there are an address, and members with more. */
async function failInHandler(client: Client, databaseUrl: string, output: () => string): Promise<void> {
  await query(
    databaseUrl,
    `CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       RAISE EXCEPTION 'cannot mail to %', NEW.email USING DETAIL = NEW.text, HINT = NEW.text; END $$;
     CREATE TRIGGER refuse BEFORE INSERT ON welcome_messages FOR EACH ROW EXECUTE FUNCTION refuse()`,
  );
  await createUser(client, { name: personal.name, email: `other${email}` });
  await eventually('the handler has failed', () => Promise.resolve(output().includes('cannot mail to')));
  await query(databaseUrl, 'DROP TRIGGER refuse ON welcome_messages');
}

async function loseDatabase(client: Client, proxy: DatabaseProxy): Promise<void> {
  const underWay = Array.from({ length: 20 }, () =>
    client.post('/v1/users', { name: personal.name, email: `${random()}${email}` }),
  );
  await proxy.cut();
  await Promise.all(underWay);
  await client.post('/v1/users', { name: personal.name, email });
  await client.get(`/v1/users?email=${personal.piece}`);
  await proxy.mend();
  await eventually('it answers again', async () => (await client.get('/v1/users')).status === 200);
}

describe.each(['json', 'text'])('the log of a whole run, at its most verbose, as %s', (format) => {
  let database: TestDatabase;
  let service: ServiceProcess;
  let failedId: string;
  const correlationId = `log-test-${randomUUID()}`;
  beforeAll(async () => {
    database = await createTestDatabase();

    const proxy = await proxyTo(database.url);
    service = await startService({ DATABASE_URL: proxy.url, LOG_LEVEL: 'verbose', LOG_FORMAT: format });
    const client = new Client(service.url);
    await client.get('/v1/users/00000000-0000-7000-8000-000000000000', { 'X-Correlation-Id': correlationId });
    await createAndRead(client);
    await beRefused(client);
    failedId = await failInside(client, database.url);
    await failInHandler(client, database.url, service.output);
    await loseDatabase(client, proxy);
    expect(await service.end()).toBe(0);
    await proxy.cut();
  });
  afterAll(() => database.drop());

  it('has no address, name, token, key or password in it', () => {
    const { password } = new URL(database.url);
    const values = [...Object.values(personal), email, encodeURIComponent(email), btoa(email).slice(0, 12)];
    for (const value of password === '' ? values : [...values, password])
      expect(service.output()).not.toContain(value);
  });

  it('says what happened all the same', () => {
    const output = service.output();
    expect(output).toContain('cannot mail to <e-mail>');
    expect(output).toMatch(/"welcome-message\\?" failed at position \d+/);
    expect(output).toContain(
      'relation "users" does not exist'.replaceAll('"', format === 'json' ? '\\"' : '"'),
    );
    expect(output).toContain('GET /v1/users/:userId 404');
    expect(output).toContain('GET unmatched 404');
    expect(output).toContain('POST /v1/users 201');
    expect(output).toContain('POST /v1/users 503');
  });

  it('names the request, by its correlation id, where something failed', () => {
    const about = service
      .output()
      .split('\n')
      .filter((line) => line.includes(failedId));
    expect(about.some((line) => line.includes('for a reason that nobody foresaw'))).toBe(true);
    expect(about.some((line) => line.includes('GET /v1/users 500'))).toBe(true);
  });

  it('has one line for each request', () => {
    const about = service
      .output()
      .split('\n')
      .filter((line) => line.includes(correlationId));
    expect(about).toHaveLength(1);
  });
});

describe('the log as JSON', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const linesOf = async (
    environment: Readonly<Record<string, string>>,
    work: (client: Client) => Promise<unknown>,
  ): Promise<readonly Line[]> => {
    const service = await startService({ DATABASE_URL: database.url, ...environment });
    await work(new Client(service.url, adminKey.apiKey));
    expect(await service.end()).toBe(0);
    return jsonLines<Line>(service.output());
  };
  const production = { NODE_ENV: 'production', ...adminKey.variables };

  it('is what production writes, every line a document, from the start to the end', async () => {
    const lines = await linesOf(production, (client) => createUser(client));
    for (const line of lines) {
      expect(line).toMatchObject({
        pid: expect.any(Number) as number,
        message: expect.any(String) as string,
      });
      expect(new Date(line.time).toISOString()).toBe(line.time);
      expect(['info', 'warn', 'error']).toContain(line.level);
    }
    expect(lines.some(({ message }) => message.startsWith('Annals listens on http://127.0.0.1:'))).toBe(true);
    expect(lines.some(({ message }) => message === 'SIGTERM: stopping.')).toBe(true);
    expect(lines.some(({ context }) => context === 'SubscriptionLoop')).toBe(true);
  });

  it('has a line for a request with its route, status, time, correlation id and actor', async () => {
    const lines = await linesOf(production, (client) =>
      client.get(`/v1/users/${randomUUID()}`, { 'X-Correlation-Id': 'mine' }),
    );
    const found = lines.filter(({ correlationId }) => correlationId === 'mine');
    expect(found).toEqual([
      {
        level: 'info',
        time: expect.any(String) as string,
        pid: expect.any(Number) as number,
        context: 'Http',
        message: 'GET /v1/users/:userId 404',
        method: 'GET',
        route: '/v1/users/:userId',
        status: 404,
        milliseconds: expect.any(Number) as number,
        correlationId: 'mine',
        actor: 'key:tests',
      },
    ]);
  });

  it('has probes only for who debugs', async () => {
    const probe = async (client: Client): Promise<void> => {
      await client.get('/health/live');
      await fetch(`${client.url}/metrics`, { headers: { Authorization: `Bearer ${adminKey.apiKey}` } });
    };
    const seen = (lines: readonly Line[]) => lines.flatMap(({ route }) => route ?? []);
    expect(seen(await linesOf(production, probe))).toEqual([]);
    const debugging = await linesOf({ ...production, LOG_LEVEL: 'debug' }, probe);
    expect(seen(debugging).sort()).toEqual(['/health/live', '/metrics']);
  });

  it('has no line for a request when LOG_REQUESTS is false', async () => {
    const lines = await linesOf({ ...production, LOG_REQUESTS: 'false' }, (client) =>
      client.get('/v1/users'),
    );
    expect(lines.filter(({ route }) => route !== undefined)).toEqual([]);
  });

  it('is text for people elsewhere, with the correlation id at the end of the line', async () => {
    const service = await startService({ DATABASE_URL: database.url });
    await new Client(service.url).get('/v1/users', { 'X-Correlation-Id': 'mine' });
    expect(await service.end()).toBe(0);
    expect(service.output()).toMatch(
      /\[Http\] GET \/v1\/users 200 in [\d.]+ ms by key:development \(mine\)\n/,
    );
  });
});
