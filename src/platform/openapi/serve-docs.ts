import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule } from '@nestjs/swagger';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { Environment } from '../config/environment';
import { hasBytes } from '../http/json-body';
import { ValidationFailedError } from '../http/problem';
import { ProblemFilter } from '../http/problem.filter';
import { checkQuery, parseQuery } from '../http/query';
import { type ApiDescription, openApiDocument } from './openapi-document';

/**
 * `GET /docs`, a page to read and try the API, and `GET /docs-json`, its OpenAPI document. Open to whoever reaches the
 * port, so off in production unless switched on.
 */
export function serveDocs(application: NestExpressApplication, about: ApiDescription): void {
  if (!areDocsServed(application.get(Environment))) return;
  application.use(['/docs', '/docs-json'], takesNothing(application.get(ProblemFilter)));
  application.use('/docs', allowPage);
  SwaggerModule.setup('docs', application, () => openApiDocument(application, about), {
    customSiteTitle: `${about.title} API`,
    raw: ['json'],
  });
}

/** These routes are not of the framework, and none of its guards looks at them. */
function takesNothing(problems: ProblemFilter): RequestHandler {
  return (request, response, next) => {
    try {
      checkQuery(request.url, parseQuery(request.url.split('?')[1]), {
        query: new Map(),
        isQueryJudged: false,
      });
      if (hasBytes(request)) throw ValidationFailedError.at('#', 'There must be no body.');
      next();
    } catch (error) {
      problems.answer(error, request, response);
    }
  };
}

/** The page has scripts and styles of its own, which no other answer may have. */
function allowPage(_request: Request, response: Response, next: NextFunction): void {
  response.setHeader(
    'Content-Security-Policy',
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
  );
  next();
}

export function areDocsServed({ NODE_ENV, DOCS_ENABLED }: Environment): boolean {
  return DOCS_ENABLED ?? NODE_ENV !== 'production';
}
