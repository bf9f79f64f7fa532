import createClient from 'openapi-fetch';
import type { components, paths } from '../openapi/api';
import { type RunningService, startOnNewDatabase } from './running-service';
import { newEmail } from './users';

let running: RunningService;
beforeAll(async () => {
  running = await startOnNewDatabase();
});
afterAll(() => running.end());

it('a client generated from the document creates, changes, reads and is refused', async () => {
  const client = createClient<paths>({
    baseUrl: running.service.url,
    headers: { Authorization: `Bearer ${running.service.key}` },
  });
  const created = await client.POST('/v1/users', { body: { name: 'Ada', email: newEmail() } });
  const { userId = '', version } = created.data ?? {};
  expect([created.response.status, version]).toEqual([201, 1]);

  const path = { userId };
  const renamed = await client.PUT('/v1/users/{userId}/name', {
    params: { path, header: { 'If-Match': '"1"' } },
    body: { name: 'Ada Lovelace' },
  });
  const read = await client.GET('/v1/users/{userId}', {
    params: { path, header: { 'Min-Event-Position': renamed.data?.position } },
  });
  const user: components['schemas']['UserResponse'] | undefined = read.data;
  expect(user).toMatchObject({ userId, name: 'Ada Lovelace', isActive: true, version: 2 });

  const found = await client.GET('/v1/users', { params: { query: { email: user?.email, limit: 1 } } });
  expect(found.data?.items.map((one) => one.userId)).toEqual([userId]);

  const refused = await client.PUT('/v1/users/{userId}/name', {
    params: { path, header: { 'If-Match': '"1"' } },
    body: { name: 'Eve' },
  });
  const code: components['schemas']['ProblemCode'] | undefined = refused.error?.code;
  expect(code).toBe('precondition-failed');
});

it('and does not compile when it asks for what is not there', () => {
  const client = createClient<paths>({
    baseUrl: running.service.url,
    headers: { Authorization: `Bearer ${running.service.key}` },
  });
  const wrong = [
    // @ts-expect-error: no such path.
    () => client.GET('/v1/people'),
    // @ts-expect-error: no such method.
    () => client.DELETE('/v1/users'),
    // @ts-expect-error: the name is missing.
    () => client.POST('/v1/users', { body: { email: 'ada@example.org' } }),
    // @ts-expect-error: no such member of a query.
    () => client.GET('/v1/users', { params: { query: { sort: 'name' } } }),
  ];
  expect(wrong).toHaveLength(4);
});
