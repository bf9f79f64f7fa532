import { VersioningType } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { conditionalRequest } from './conditional-request';
import { correlation } from './correlation';
import { Draining } from './draining';
import { securityHeaders } from './security-headers';

/** The same for the process and for tests. Create the application with `bodyParser: false`. */
export function configureHttp(application: NestExpressApplication): void {
  application.disable('x-powered-by');
  application.disable('etag');
  application.use(application.get(Draining).endConnections, correlation, securityHeaders, conditionalRequest);
  application.enableVersioning({ type: VersioningType.URI });
}
