import { randomUUID } from 'node:crypto';
import { AppendSignal, PostgresEventStore } from '../../src/event-sourcing';
import { startService } from '../support/service-process';
import { createTestDatabase } from '../support/test-database';
import { waitUntil } from '../support/wait-until';
import { Client, expectInvalid, expectRefused } from './client';
import { connectRaw } from './event-stream-raw';
import { EventStreamReader } from './event-stream-reader';
import { type RunningService, startOnNewDatabase } from './running-service';
import { type Acknowledgement, createUser, historyOf } from './users';

jest.setTimeout(120_000);

let running: RunningService;
beforeAll(async () => {
  running = await startOnNewDatabase();
});
afterAll(() => running.end());

const live = '/v1/admin/events/live';
const open = (path: string, headers?: Readonly<Record<string, string>>) =>
  EventStreamReader.open(running.client, path, headers);
const rename = (userId: string) =>
  running.client.put<Acknowledgement>(`/v1/users/${userId}/name`, { name: `Eve ${randomUUID()}` });

describe('live events of the log', () => {
  it('begin behind the end of the log, each with its position as id and the shape of GET /v1/admin/events', async () => {
    await createUser(running.client);
    const reader = await open(live);
    expect(reader.response.headers.get('Content-Type')).toBe('text/event-stream; charset=utf-8');
    const { userId, position } = await createUser(running.client);
    const [message] = await reader.first(1);
    const stored = await running.client.get<{ items: unknown[] }>(
      `/v1/admin/events?after=${BigInt(position) - 1n}&limit=1`,
    );
    expect(message).toEqual({ id: position, event: 'message', data: stored.body.items[0] });
    expect(message?.data).toMatchObject({ streamId: userId, type: 'UserCreated' });
    reader.leave();
  });

  it('go on behind Last-Event-ID, without a hole and without a double', async () => {
    const { userId, position } = await createUser(running.client);
    for (let n = 0; n < 450; n++) await rename(userId);
    const reader = await open(live, { 'Last-Event-ID': String(BigInt(position) - 1n) });
    const renaming = Array.from({ length: 20 }, () => rename(userId));
    const messages = await reader.first(471);
    await Promise.all(renaming);
    const expected = Array.from({ length: 471 }, (_, n) => String(BigInt(position) + BigInt(n)));
    expect(messages.map(({ id }) => id)).toEqual(expected);
    reader.leave();
  });

  it('are those of a type, or of a stream, where the query says so', async () => {
    const other = await createUser(running.client);
    const { userId, position } = await createUser(running.client);
    const after = { 'Last-Event-ID': String(BigInt(position) - 1n) };
    const ofType = await open(`${live}?type=UserRenamed`, after);
    const ofStream = await open(`${live}?stream=User/${userId}`, after);
    await rename(other.userId);
    await rename(userId);
    expect((await ofType.first(2)).map(({ data }) => (data as { type: string }).type)).toEqual([
      'UserRenamed',
      'UserRenamed',
    ]);
    expect((await ofStream.first(2)).map(({ data }) => (data as { version: number }).version)).toEqual([
      1, 2,
    ]);
    expect(ofStream.messages).toHaveLength(2);
    ofType.leave();
    ofStream.leave();
  });

  it('are only announced to HEAD', async () => {
    const { status, headers } = await fetch(`${running.client.url}${live}`, {
      method: 'HEAD',
      headers: { Authorization: `Bearer ${running.client.credentials}` },
    });
    expect([status, headers.get('Content-Type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect(await listeners()).toBe(0);
  });

  it('refuse what is no position, no stream, unknown, or not in the log', async () => {
    const get = (path: string, headers = {}) => running.client.get(path, headers);
    expectInvalid(await get(live, { 'Last-Event-ID': 'x' }), '#/headers/Last-Event-ID');
    expectInvalid(await get(`${live}?stream=User`), '#/stream');
    expectInvalid(await get(`${live}?from=1`), '#/from');
    expectRefused(await get(live, { 'Last-Event-ID': '999999999' }), 409, 'position-of-another-era');
    expectRefused(await running.client.as(null).get(live), 401, 'unauthenticated');
  });
});

describe('live events of a user', () => {
  it('are those of the user alone, as the history has them', async () => {
    const other = await createUser(running.client);
    const { userId, position } = await createUser(running.client);
    const reader = await open(`/v1/users/${userId}/live`, { 'Last-Event-ID': position });
    await rename(other.userId);
    await rename(userId);
    const [message] = await reader.first(1);
    const [, renamed] = await historyOf(running.client, userId);
    expect(message?.data).toEqual(renamed);
    await createUser(running.client);
    expect(reader.messages).toHaveLength(1);
    reader.leave();
  });

  it('are 404 of a user that does not exist', async () => {
    expectRefused(await running.client.get(`/v1/users/${randomUUID()}/live`), 404, 'user-not-found');
  });
});

describe('a service with live events', () => {
  it('ends them when it stops, says so, and a client that connects again misses nothing', async () => {
    const database = await createTestDatabase();
    const first = await startService({ DATABASE_URL: database.url });
    const before = new Client(first.url);
    const reader = await EventStreamReader.open(before, live);
    const created = await createUser(before);
    await reader.first(1);
    expect(await first.end()).toBe(0);
    await waitUntil(() => Promise.resolve(reader.isOver));
    expect(reader.messages.at(-1)).toEqual({
      id: created.position,
      event: 'end',
      data: { reason: 'stopping' },
    });

    const second = await startService({ DATABASE_URL: database.url });
    const client = new Client(second.url);
    const meanwhile = await createUser(client);
    const again = await EventStreamReader.open(client, live, { 'Last-Event-ID': reader.lastEventId });
    const after = await createUser(client);
    expect((await again.first(2)).map(({ id }) => id)).toEqual([meanwhile.position, after.position]);
    again.leave();
    expect(await second.end()).toBe(0);
    await database.drop();
  });

  it('takes no more listeners than EVENT_STREAMS_LIMIT, and one in the place of one that left', async () => {
    const database = await createTestDatabase();
    const service = await startService({ DATABASE_URL: database.url, EVENT_STREAMS_LIMIT: '2' });
    const client = new Client(service.url);
    const readers = [await EventStreamReader.open(client, live), await EventStreamReader.open(client, live)];
    const refused = await client.get(live);
    expectRefused(refused, 503, 'unavailable');
    expect(refused.headers.get('Retry-After')).toBe('1');
    readers[0]?.leave();
    await waitUntil(async () => {
      const reader = await EventStreamReader.open(client, live);
      reader.leave();
      return reader.response.status === 200;
    });
    expect(await service.end()).toBe(0);
    await database.drop();
  });
});

it('drops a listener that reads nothing, and keeps nothing for it', async () => {
  const { userId } = await createUser(running.client);
  const silent = await connectRaw(running.client, `${live}?stream=User/${userId}`, '0');
  await waitUntil(async () => (await listeners()) === 1);
  // More than the sockets between the two take.
  const store = new PostgresEventStore(
    { connection: { connectionString: running.database.url } },
    new AppendSignal(),
  );
  const metadata = { note: 'n'.repeat(1_000_000) };
  for (let n = 0; n < 30; n++) {
    const renamed = { type: 'UserRenamed', data: { name: `Name ${n}` }, metadata };
    await store.appendToStream({ type: 'User', id: userId }, [renamed], { expectedVersion: 'any' });
  }
  await store.close();
  await waitUntil(async () => (await listeners()) === 0, 90);
  silent.destroy();
});

/** How many listen, as the metrics say. */
async function listeners(): Promise<number> {
  const metrics = await (await fetch(`${running.client.url}/metrics`)).text();
  return Number(/^annals_http_event_streams (\d+)$/m.exec(metrics)?.[1]);
}
