import { VersioningType } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { RequestObserver } from '../observability/request-observer';
import { checkProtocol } from './check-protocol';
import { limitServer } from './connections/limit-server';
import { correlation } from './correlation';
import { Draining } from './draining';
import { Environment } from '../config/environment';
import { ProblemFilter } from './problem.filter';
import { answerIfNoneMatch } from './preconditions';
import { parseQuery } from './query';
import { securityHeaders } from './security-headers';
import { timeLimit } from './time-limit';

/** The same for the process and for tests. Create the application with `bodyParser: false`. */
export function configureHttp(application: NestExpressApplication): void {
  const environment = application.get(Environment);
  const problems = application.get(ProblemFilter);
  const inTurn = limitServer(application.getHttpServer(), environment);
  application.disable('x-powered-by');
  application.disable('etag');
  answerIfNoneMatch(application);
  application.set('query parser', parseQuery);
  application.use(
    inTurn,
    application.get(Draining).follow,
    correlation,
    securityHeaders,
    application.get(RequestObserver).observe,
    timeLimit(environment.REQUEST_TIMEOUT_MS, problems),
    checkProtocol(problems),
  );
  versionRoutes(application);
}

/** `/v1/users`: the version of a route stands in its path. */
export function versionRoutes(application: NestExpressApplication): void {
  application.enableVersioning({ type: VersioningType.URI });
}
