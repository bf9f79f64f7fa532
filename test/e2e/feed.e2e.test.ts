import { setTimeout as delay } from 'node:timers/promises';
import { expectInvalid, expectRefused } from './client';
import { type RunningService, startOnNewDatabase } from './running-service';
import { type Acknowledgement, createUser } from './users';

jest.setTimeout(60_000);

let running: RunningService;
beforeAll(async () => {
  running = await startOnNewDatabase();
});
afterAll(() => running.end());

interface Feed {
  readonly items: readonly {
    readonly position: string;
    readonly id: string;
    readonly type: string;
    readonly schemaVersion: number;
    readonly stream: { readonly type: string; readonly id: string; readonly version: number };
    readonly timestamp: string;
    readonly data: Readonly<Record<string, unknown>>;
    readonly metadata: Readonly<Record<string, unknown>>;
  }[];
  readonly nextAfter: string;
  readonly head: string;
  readonly era: number;
}

const feed = async (query: string) => (await running.client.get<Feed>(`/v1/feed?${query}`)).body;

describe('the feed', () => {
  it('gives the log in its order, page by page, with where to go on', async () => {
    const { userId } = await createUser(running.client, { name: 'Ada' });
    const { body } = await running.client.put<Acknowledgement>(`/v1/users/${userId}/name`, { name: 'Eve' });
    const first = await feed('after=0&limit=1');
    expect(first).toMatchObject({ nextAfter: '1', head: body.position, era: 1 });
    const [created] = first.items;
    expect(created).toMatchObject({
      position: '1',
      type: 'UserCreated',
      stream: { type: 'User', id: userId, version: 1 },
      data: { name: 'Ada' },
      metadata: { actor: expect.any(String) as string },
    });
    const rest = await feed(`after=${first.nextAfter}`);
    expect(rest.items.map(({ position }) => position)).toEqual(['2']);
    expect(await feed(`after=${rest.nextAfter}`)).toEqual({ ...rest, items: [], nextAfter: '2' });
  });

  it('waits for an event where there is none, and answers with it', async () => {
    const { position } = await createUser(running.client);
    const waiting = feed(`after=${position}&wait=30`);
    await delay(200);
    const next = await createUser(running.client);
    expect((await waiting).items.map((item) => item.position)).toEqual([next.position]);
  });

  it('answers with an empty page when the wait is over', async () => {
    const { position } = await createUser(running.client);
    expect(await feed(`after=${position}&wait=1`)).toMatchObject({ items: [], nextAfter: position });
  });

  it('refuses what is no position, too large, too long, or not in the log', async () => {
    const get = (query: string) => running.client.get(`/v1/feed?${query}`);
    expectInvalid(await get('after=x'), '#/after');
    expectInvalid(await get('limit=1001'), '#/limit');
    expectInvalid(await get('wait=31'), '#/wait');
    expectInvalid(await get('types=a'), '#/types');
    expectRefused(await get('after=999999'), 409, 'position-of-another-era');
    expectRefused(await running.client.as(null).get('/v1/feed'), 401, 'unauthenticated');
  });

  it('is compressed for who takes it so', async () => {
    for (let n = 0; n < 5; n++) await createUser(running.client);
    const { headers } = await running.client.get('/v1/feed', { 'Accept-Encoding': 'gzip' });
    expect(headers.get('Content-Encoding')).toBe('gzip');
  });

  it('lets go of those that wait when the service stops', async () => {
    const { position } = await createUser(running.client);
    const waiting = feed(`after=${position}&wait=30`);
    await delay(200);
    expect(await running.service.end()).toBe(0);
    expect((await waiting).items).toEqual([]);
    running = await startOnNewDatabase();
  });
});
