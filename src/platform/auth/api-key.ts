import { createHash, randomBytes } from 'node:crypto';
import type { DeclaredRoles, Role } from './roles';

/** How an API key is told from a token. */
export const API_KEY_PREFIX = 'ann_';

/** What is kept of an API key: enough to know it again, not to use it. */
export interface ApiKeyEntry {
  /** Names the key in events (`key:<id>`) and on the command line. */
  readonly id: string;
  readonly roles: readonly Role[];
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  /** The id of the bearer itself, for roles that reach only its own. */
  readonly subject?: string;
}

/** A line of the keys file, or a part of `API_KEYS`, cannot be read. Says which, and repeats nothing of it. */
export class ApiKeyEntryError extends Error {
  constructor(where: string, problem: string) {
    super(`${where}: ${problem}`);
    this.name = 'ApiKeyEntryError';
  }
}

/** 32 random bytes, so that the plain SHA-256 of a key cannot be turned back. */
export function newApiKey(): string {
  return API_KEY_PREFIX + randomBytes(32).toString('base64url');
}

export function sha256Of(apiKey: string): string {
  return createHash('sha256').update(apiKey).digest('hex');
}

/** `<id>/<role>[+<role>…]/<sha256>[/<subject>]` */
export function formatEntry({ id, roles, sha256, subject }: ApiKeyEntry): string {
  return [id, roles.join('+'), sha256, ...(subject === undefined ? [] : [subject])].join('/');
}

/** Why a key cannot have these roles: nobody declares one, or it is for the bearer's own and nobody says who that is. */
export function problemOfRoles(
  { roles, subject }: Pick<ApiKeyEntry, 'roles' | 'subject'>,
  declared: DeclaredRoles,
): string | undefined {
  if (!roles.every((role) => declared.has(role))) return 'it has an unknown role';
  const own = roles.find((role) => declared.isOwn(role));
  if (own !== undefined && subject === undefined) return `${own} needs a subject: the id of its bearer`;
  return undefined;
}

/** Why an id, or a subject, is not possible; undefined when both are. */
export function problemOfEntry({ id, roles, subject }: Omit<ApiKeyEntry, 'sha256'>): string | undefined {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(id)) return 'an id is 1 to 64 of A-Z a-z 0-9 . _ -';
  if (roles.length === 0) return 'at least one role is needed';
  if (subject !== undefined && !/^[^\s,\p{C}]{1,255}$/u.test(subject))
    return 'a subject is 1 to 255 characters without blanks and commas';
  return undefined;
}

/**
 * Reads what `formatEntry` wrote. Whether there are such roles is for `problemOfRoles` to say.
 * @throws ApiKeyEntryError
 */
export function parseEntry(text: string, where: string): ApiKeyEntry {
  const [, id = '', names = '', sha256 = '', subject] =
    /^([^/]*)\/([^/]*)\/([0-9a-f]{64})(?:\/(.*))?$/.exec(text) ?? [];
  if (sha256 === '')
    throw new ApiKeyEntryError(where, 'it must be <id>/<role>+<role>/<sha256>, or that and /<subject>');
  const entry = { id, roles: names.split('+'), sha256, subject };
  const problem = problemOfEntry(entry);
  if (problem !== undefined) throw new ApiKeyEntryError(where, problem);
  return entry;
}

/**
 * Reads `API_KEYS`: entries with commas between them.
 * @throws ApiKeyEntryError
 */
export function parseApiKeys(text: string): readonly ApiKeyEntry[] {
  const entries = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part, index) => parseEntry(part, `key ${index + 1}`));
  for (const [index, { id }] of entries.entries()) {
    if (entries.findIndex((entry) => entry.id === id) < index)
      throw new ApiKeyEntryError(`key ${index + 1}`, 'an earlier key has this id');
  }
  return entries;
}
