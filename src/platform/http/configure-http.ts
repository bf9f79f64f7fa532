import { VersioningType } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { RequestObserver } from '../observability/request-observer';
import { conditionalRequest, neverFreshWithoutETag } from './conditional-request';
import { correlation } from './correlation';
import { Draining } from './draining';
import { Environment } from '../config/environment';
import { limitServer } from './limit-server';
import { securityHeaders } from './security-headers';

/** The same for the process and for tests. Create the application with `bodyParser: false`. */
export function configureHttp(application: NestExpressApplication): void {
  const environment = application.get(Environment);
  limitServer(application.getHttpServer(), environment);
  application.disable('x-powered-by');
  application.disable('etag');
  neverFreshWithoutETag(application);
  application.use(
    application.get(Draining).follow,
    correlation,
    securityHeaders,
    application.get(RequestObserver).observe,
    conditionalRequest,
  );
  versionRoutes(application);
}

/** `/v1/users`: the version of a route stands in its path. */
export function versionRoutes(application: NestExpressApplication): void {
  application.enableVersioning({ type: VersioningType.URI });
}
