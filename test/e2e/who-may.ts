import { randomUUID } from 'node:crypto';
import { formatEntry, newApiKey, sha256Of } from '../../src/platform/auth/api-key';
import type { Role } from '../../src/platform';
import type { Route } from './running-application';

/** Who may call a route: everyone, or those with one of these roles (own: the user's own), besides `admin`. */
export type WhoMay =
  'everyone' | readonly ('users:read' | 'users:write' | 'own' | 'admin:read' | 'feed:read')[];

/** What the contract says, apart from the code: a route that is not here has not been thought about. */
const contract: Readonly<Record<string, WhoMay>> = {
  'GET /health/live': 'everyone',
  'GET /health/ready': 'everyone',
  // In development.
  'GET /docs': 'everyone',
  'GET /docs-json': 'everyone',
  'GET /metrics': 'everyone',
  'POST /v1/users': ['users:write'],
  'GET /v1/users': ['users:read', 'users:write'],
  'GET /v1/users/:userId': ['users:read', 'users:write', 'own'],
  'GET /v1/users/:userId/history': ['users:read', 'users:write'],
  'PUT /v1/users/:userId/name': ['users:write', 'own'],
  'PUT /v1/users/:userId/email': ['users:write', 'own'],
  'GET /v1/users/:userId/live': ['users:read', 'users:write', 'own'],
  'GET /v1/feed': ['feed:read'],
  'POST /v1/users/:userId/deactivate': ['users:write'],
  'POST /v1/users/:userId/reactivate': ['users:write'],
};

export function whoMay({ method, path }: Route): WhoMay | undefined {
  if (path.startsWith('/v1/admin/')) return method === 'GET' ? ['admin:read'] : [];
  return contract[`${method} ${path}`];
}

/** Somebody who sends requests: with an API key that has these roles, or with no or bad credentials (`stranger`). */
export interface Person {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly isStranger: boolean;
  readonly roles: readonly Role[];
  readonly subject?: string;
}

const keys = new Map<Person, string>();

function withKey(roles: readonly Role[], subject?: string): Person {
  const apiKey = newApiKey();
  const headers = { Authorization: `Bearer ${apiKey}` };
  const name = `${roles.join(' and ')}${subject === undefined ? '' : ' of a user'}`;
  const person: Person = { name, headers, isStranger: false, roles, subject };
  const id = roles.map((role) => role.replace(':', '-')).join('.');
  keys.set(person, formatEntry({ id, roles, sha256: sha256Of(apiKey), subject }));
  return person;
}

function stranger(name: string, authorization?: string): Person {
  const headers: Readonly<Record<string, string>> =
    authorization === undefined ? {} : { Authorization: authorization };
  return { name, headers, isStranger: true, roles: [] };
}

/** The user that the callers with `users:self` are. */
export const ownId = randomUUID();

export const admin = withKey(['admin']);
export const callers: readonly Person[] = [
  admin,
  withKey(['admin:read']),
  withKey(['feed:read']),
  withKey(['users:read']),
  withKey(['users:write']),
  withKey(['users:self'], ownId),
  withKey(['users:read', 'users:self'], ownId.toUpperCase()),
];
const good = admin.headers.Authorization ?? '';
export const strangers: readonly Person[] = [
  stranger('nobody'),
  stranger('a wrong key', `Bearer ${newApiKey()}`),
  stranger('a key cut short', good.slice(0, -1)),
  stranger('a key and more', `${good}x`),
  stranger('a key without a scheme', good.replace('Bearer ', '')),
  stranger('a key as Basic', good.replace('Bearer', 'Basic')),
  stranger('two keys', `${good}, ${good}`),
  stranger('the hash of a key', `Bearer ann_${sha256Of(good.replace('Bearer ', ''))}`),
  stranger('an empty bearer', 'Bearer '),
  stranger('no token', 'Bearer a.b.c'),
];

/** `API_KEYS` for all of them. */
export const apiKeys = [...keys.values()].join(',');

export function isAllowed(who: WhoMay, person: Person, userId: string): boolean {
  if (who === 'everyone' || person.roles.includes('admin')) return true;
  const isOwn = person.subject?.toLowerCase() === userId.toLowerCase();
  return who.some((role) =>
    role === 'own' ? person.roles.includes('users:self') && isOwn : person.roles.includes(role),
  );
}
