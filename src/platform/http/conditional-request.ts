import type { NextFunction, Request, Response } from 'express';

/**
 * Lets `If-None-Match` be judged whatever `Cache-Control` says next to it, which speaks to caches on the way and not to
 * this server (RFC 9111, section 5.2.1). The framework would send the whole answer to `no-cache`, and every `fetch` of a
 * browser or of Node adds that to `If-None-Match`.
 *
 * An answer without an `ETag` is never 304: the framework would say so to `If-None-Match: *`, even of a probe.
 */
export function conditionalRequest(request: Request, response: Response, next: NextFunction): void {
  if (request.headers['if-none-match'] !== undefined) delete request.headers['cache-control'];
  const framework = Object.getPrototypeOf(request) as Request;
  Object.defineProperty(request, 'fresh', {
    get: () => response.hasHeader('ETag') && Reflect.get(framework, 'fresh', request),
  });
  next();
}
