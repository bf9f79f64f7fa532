import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';

/**
 * Lets `If-None-Match` be judged whatever `Cache-Control` says next to it, which speaks to caches on the way and not to
 * this server (RFC 9111, section 5.2.1). The framework would send the whole answer to `no-cache`, and every `fetch` of a
 * browser or of Node adds that to `If-None-Match`.
 */
export function conditionalRequest(request: Request, _response: Response, next: NextFunction): void {
  if (request.headers['if-none-match'] !== undefined) delete request.headers['cache-control'];
  next();
}

/** An answer without an `ETag` is never 304: the framework would say so to `If-None-Match: *`, even of a probe. */
export function neverFreshWithoutETag(application: NestExpressApplication): void {
  const { request } = application.getHttpAdapter().getInstance();
  const framework = Object.getPrototypeOf(request) as Request;
  Object.defineProperty(request, 'fresh', {
    get(this: Request) {
      return this.res?.hasHeader('ETag') === true && Reflect.get(framework, 'fresh', this);
    },
  });
}
