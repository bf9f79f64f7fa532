import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { ValidationFailedError } from '../problem';

const printable = /^[\x20-\x7e]{1,255}$/;

/** The `Idempotency-Key` of a request; undefined without one. @throws ValidationFailedError for a malformed one. */
export function idempotencyKeyOf(request: Request): string | undefined {
  const [key, ...more] = request.headersDistinct['idempotency-key'] ?? [];
  if (key === undefined || (more.length === 0 && printable.test(key))) return key;
  throw ValidationFailedError.at(
    '#/headers/Idempotency-Key',
    'must be given once, with 1 to 255 printable ASCII characters',
  );
}

/**
 * What the request asks for, in short: two requests are the same when method, path, `If-Match` and the JSON of the body
 * are, whatever the order and spacing of its members.
 */
export function fingerprintOf(request: Request): string {
  const body: unknown = request.body ?? {};
  const asked = [request.method, request.originalUrl, request.get('If-Match') ?? null, body];
  return createHash('sha256').update(JSON.stringify(asked, withSortedMembers)).digest('base64url');
}

function withSortedMembers(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
