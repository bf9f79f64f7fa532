import { randomUUID } from 'node:crypto';
import { query } from './command-line';
import {
  type RawAnswer,
  type Route,
  type RunningApplication,
  startInThisProcess,
} from './running-application';
import { callers, apiKeys, isAllowed, ownId, type Person, strangers, type WhoMay, whoMay } from './who-may';

jest.setTimeout(240_000);

let application: RunningApplication;
let routes: readonly Route[];
beforeAll(async () => {
  application = await startInThisProcess({ API_KEYS: apiKeys, RATE_LIMIT: '1000000' });
  // The routes of the router; those of the OpenAPI document would do as well.
  routes = application.routes();
});
afterAll(() => application.end());

const foreignId = randomUUID();
const everybody = [...callers, ...strangers];
const json = { 'Content-Type': 'application/json' };

function decided({ method, path }: Route): WhoMay {
  const who = whoMay({ method, path });
  if (who === undefined)
    throw new Error(`Nobody has told test/e2e/who-may.ts who may call ${method} ${path}.`);
  return who;
}

/** A route that names no user is the same for all. */
function usersOf({ path }: Route): readonly string[] {
  return path.includes(':userId') ? [ownId, foreignId] : [foreignId];
}

/** The path for a user. What else it names does not exist, so that those who may do it change nothing. */
function pathFor({ path }: Route, userId: string): string {
  const values: Readonly<Record<string, string>> = { userId, position: '1', id: foreignId };
  return path.replace(/:(\w+)/g, (_all, name: string) => values[name] ?? 'nothing');
}

/** A refusal, the same to the letter whatever the route and the user: it tells nothing but that it is one. */
function refusalOf({ status, text }: RawAnswer): object {
  const problem = JSON.parse(text) as Record<string, unknown>;
  delete problem.correlationId;
  return { answered: status, ...problem };
}

const forbidden = {
  answered: 403,
  type: 'urn:annals:problem:forbidden',
  title: 'Not allowed',
  status: 403,
  detail: 'Your roles do not allow this.',
  code: 'forbidden',
};
const unauthenticated = (person: Person) => ({
  answered: 401,
  type: 'urn:annals:problem:unauthenticated',
  title: 'Authentication is required',
  status: 401,
  detail:
    Object.keys(person.headers).length === 0
      ? 'Send an API key or a token: Authorization: Bearer <token>.'
      : 'The API key or token is not valid, or not any more.',
  code: 'unauthenticated',
});

async function head(): Promise<unknown> {
  return query(application.databaseUrl, 'SELECT count(*) FROM annals.events');
}

describe('every route', () => {
  it('is decided about in the contract', () => {
    expect(routes.length).toBeGreaterThanOrEqual(18);
    for (const route of routes) decided(route);
  });

  it('lets in who may, and refuses everybody else in the same words, for one’s own user and for others', async () => {
    const before = await head();
    for (const route of routes) {
      for (const userId of usersOf(route)) {
        for (const person of everybody) await expectDecision(route, person, userId);
      }
    }
    expect(await head()).toEqual(before);
  });

  it('tells strangers and those who may not nothing about their bodies', async () => {
    const changing = routes.filter((route) => ['POST', 'PUT'].includes(route.method));
    expect(changing.length).toBeGreaterThanOrEqual(8);
    const bodies = [
      ['{"name":', json],
      ['{"__proto__":1}', json],
      ['['.repeat(10_000), json],
      [JSON.stringify({ name: 'x'.repeat(1_000_000) }), json],
      ['name=Eve', { 'Content-Type': 'text/plain' }],
      ['{}', { ...json, 'Content-Encoding': 'gzip' }],
      ['{}', { ...json, 'If-Match': 'nonsense' }],
    ] as const;
    for (const route of changing) {
      const asking = [...callers, ...strangers.slice(0, 2)];
      for (const person of asking.filter((one) => !isAllowed(decided(route), one, foreignId))) {
        for (const [body, headers] of bodies) {
          const path = pathFor(route, foreignId);
          const answer = await application.send(route.method, path, { ...person.headers, ...headers }, body);
          expect(refusalOf(answer)).toEqual(person.isStranger ? unauthenticated(person) : forbidden);
        }
      }
    }
  });
});

async function expectDecision(route: Route, person: Person, userId: string): Promise<void> {
  const what = `${person.name}: ${route.method} ${route.path} of ${userId === ownId ? 'own' : 'another'} user`;
  const answer = await application.send(route.method, pathFor(route, userId), person.headers);
  if (isAllowed(decided(route), person, userId)) {
    expect([what, isRefusal(answer.status)]).toEqual([what, false]);
  } else {
    expect({ what, ...refusalOf(answer) }).toEqual({
      what,
      ...(person.isStranger ? unauthenticated(person) : forbidden),
    });
  }
}

describe('another spelling of a path', () => {
  const spellings: readonly (readonly [string, (path: string) => string])[] = [
    ['as it is', (path) => path],
    ['with two slashes first', (path) => `/${path}`],
    ['with two slashes inside', (path) => path.replace(/\/(?=[^/]+$)/, '//')],
    ['with a slash last', (path) => `${path}/`],
    ['with two slashes last', (path) => `${path}//`],
    ['in capitals', (path) => path.toUpperCase()],
    ['with a capital V', (path) => path.replace('/v1', '/V1')],
    ['with its letters escaped', (path) => path.replace(/[a-z0-9](?=[^/]*$)/g, escaped)],
    ['with its first letter escaped', (path) => path.replace(/[a-z]/, escaped)],
    ['with its slashes escaped', (path) => `/${path.slice(1).replaceAll('/', '%2F')}`],
    ['with a semicolon', (path) => `${path};x=1`],
    ['with a semicolon inside', (path) => path.replace(/\/(?=[^/]+$)/, ';x=1/')],
    ['with a dot segment', (path) => path.replace(/\/(?=[^/]+$)/, '/./')],
    ['with a way back', (path) => `/health/live/..%2f..${path}`],
    ['with dots after a public path', (path) => `/health/../${path.slice(1)}`],
    ['with a NUL', (path) => `${path}%00`],
    ['with a query', (path) => `${path}?userId=${ownId}&access_token=x`],
    ['with a fragment', (path) => `${path}#/health/live`],
    ['as a whole URL', (path) => `http://127.0.0.1${path}`],
  ];

  it.each(spellings)('%s decides alike, or is no path at all', async (_how, spelt) => {
    for (const route of routes) {
      for (const method of route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]) {
        for (const person of [...callers, ...strangers.slice(0, 2)])
          await expectAlike({ ...route, method }, spelt, person);
      }
    }
  });

  it.each(['OPTIONS', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND'])(
    'or the method %s gets strangers nowhere',
    async (method) => {
      for (const route of routes) {
        for (const person of strangers) {
          const answer = await application.send(method, pathFor(route, ownId), person.headers);
          expect(refusalOf(answer)).toEqual(unauthenticated(person));
        }
      }
    },
  );

  it.each([
    '/',
    '/v1',
    '/v2/users',
    '/nothing',
    '/favicon.ico',
    '/v1/users/a/b/c',
    '/.env',
    '/docs/../v1/users',
  ])('or the unknown path %s is 401 for strangers, and 404 for callers', async (path) => {
    for (const person of strangers)
      expect(refusalOf(await application.send('GET', path, person.headers))).toEqual(unauthenticated(person));
    for (const person of callers)
      expect(refusalOf(await application.send('GET', path, person.headers))).toMatchObject({
        answered: 404,
        code: 'not-found',
      });
  });

  it.each([
    'X-Original-URL',
    'X-Rewrite-URL',
    'X-HTTP-Method-Override',
    'X-Forwarded-For',
    'X-Forwarded-User',
  ])('or the header %s changes nothing', async (name) => {
    for (const value of ['/health/live', 'GET', '127.0.0.1', 'admin']) {
      const answer = await application.send('GET', '/v1/admin/events', { [name]: value });
      expect(answer.status).toBe(401);
    }
  });
});

/**
 * A spelling that the router does not know is 404 (or 405) to callers and 401 to strangers; one that it knows is decided
 * about like the path itself. Whoever may not call the path gets no other answer than these.
 */
async function expectAlike(route: Route, spelt: (path: string) => string, person: Person): Promise<void> {
  const who = whoMay({ ...route, method: route.method === 'HEAD' ? 'GET' : route.method }) ?? [];
  for (const userId of usersOf(route)) {
    const path = spelt(pathFor(route, userId));
    const { status, text } = await application.send(route.method, path, person.headers);
    const what = `${person.name}: ${route.method} ${path}: ${status} ${text}`;
    const mayBe = person.isStranger ? [401] : [403, 404, 405];
    if (!isAllowed(who, person, userId)) {
      expect([what, mayBe.includes(status)]).toEqual([what, true]);
      expect(text).not.toMatch(/user-not-found|validation-failed|items|userId|example\.com/);
    } else if (isRefusal(status)) {
      // To a stranger a public path that is spelt otherwise is an unknown one; what is put into an id makes it another's.
      expect([what, person.isStranger ? path : person.subject]).toEqual([
        what,
        expect.not.stringMatching(plainHealth),
      ]);
    }
  }
}

const plainHealth = /^\/health\/(live|ready)$/;

function isRefusal(status: number): boolean {
  return status === 401 || status === 403;
}

const escaped = (letter: string): string => `%${letter.charCodeAt(0).toString(16)}`;
