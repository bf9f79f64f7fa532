import { randomUUID } from 'node:crypto';
import { newEmail } from './users';
import { type RunningApplication, startInThisProcess } from './running-application';
import { apiKeys, callers } from './who-may';

jest.setTimeout(120_000);

let application: RunningApplication;
beforeAll(async () => (application = await startInThisProcess({ API_KEYS: apiKeys }, 'api')));
afterAll(() => application.end());

const admin = callers.find(({ roles }) => roles.includes('admin'))?.headers ?? {};
const codeOf = (text: string) => (JSON.parse(text) as { code: string }).code;

describe('an application with a prefix', () => {
  it.each(['/api/v1/users', '/API/V1/Users', '/api/v1/users/'])(
    'tells where a user is who was created at %s',
    async (path) => {
      const body = JSON.stringify({ name: 'Ada', email: newEmail(), userId: randomUUID() });
      const headers = { ...admin, 'Content-Type': 'application/json' };
      const created = await application.send('POST', path, headers, body);
      expect(created.status).toBe(201);
      const location = String(created.headers.location);
      expect(location).toMatch(/^\/api\/v1\/users\/[\da-f-]{36}$/);
      expect((await application.send('GET', `${location}/history`, admin)).status).toBe(200);
    },
  );

  it.each(['/nothing', '/', '/v1/users', '/apis', '/api', '/api/nothing', '/api/v1/nothing', '/health/live'])(
    'has nothing at %s: 401 to strangers, else 404',
    async (path) => {
      for (const method of ['GET', 'POST', 'PROPFIND']) {
        const stranger = await application.send(method, path);
        expect([method, stranger.status, codeOf(stranger.text)]).toEqual([method, 401, 'unauthenticated']);
        const caller = await application.send(method, path, admin);
        expect([method, caller.status, codeOf(caller.text)]).toEqual([method, 404, 'not-found']);
        expect(caller.headers['x-correlation-id']).toBeDefined();
      }
    },
  );

  it('names the methods that a path has', async () => {
    const answer = await application.send('DELETE', '/api/v1/users', admin);
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD, POST']);
    expect((await application.send('GET', '/api/health/live')).status).toBe(200);
  });
});
