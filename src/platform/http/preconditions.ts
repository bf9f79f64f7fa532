import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request } from 'express';
import { entityTags } from './entity-tags';
import { TAKES_IF_MATCH } from './if-match';
import { ValidationFailedError } from './problem';

const ofCaches: readonly string[] = ['If-None-Match', 'If-Modified-Since', 'If-Range'];
const preconditions = ['If-Match', 'If-Unmodified-Since', ...ofCaches];

/**
 * Refuses a precondition that the route does not heed: a change that was to be made under a condition is not made without it. What a
 * cache asks along with a query (RFC 9110, section 13.1.3) may be ignored: the whole answer is right in any case.
 * @throws ValidationFailedError
 */
export function checkPreconditions(request: Request, route: object): void {
  const heeded = isQuery(request) ? [...ofCaches] : [];
  if (Reflect.getMetadata(TAKES_IF_MATCH, route) === true) heeded.push('If-Match');
  const refused = preconditions.find((name) => request.get(name) !== undefined && !heeded.includes(name));
  if (refused !== undefined) throw ValidationFailedError.at(`#/headers/${refused}`, 'is not possible here');
}

/**
 * Lets the framework answer 304 when `If-None-Match` names the `ETag` of the answer (weakly: RFC 9110, section 13.1.2), and never
 * without an `ETag`. By itself it would say so to `If-None-Match: *` of a probe, and send the whole answer to `Cache-Control:
 * no-cache`, which speaks to caches on the way and which every `fetch` adds to `If-None-Match`.
 */
export function answerIfNoneMatch(application: NestExpressApplication): void {
  const { request } = application.getHttpAdapter().getInstance();
  Object.defineProperty(request, 'fresh', { get: isFresh });
}

function isFresh(this: Request): boolean {
  const asked = this.get('If-None-Match');
  if (asked === undefined || !isQuery(this) || this.res?.statusCode !== 200) return false;
  const etag = this.res.getHeader('ETag');
  return etag !== undefined && isNamed(String(etag), asked);
}

/** What is malformed names no version. */
function isNamed(etag: string, asked: string): boolean {
  const tags = entityTags(asked) ?? [];
  return tags === '*' || tags.some(({ opaque }) => `"${opaque}"` === etag);
}

function isQuery({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD';
}
