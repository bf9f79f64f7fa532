import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule } from '@nestjs/swagger';
import type { NextFunction, Request, Response } from 'express';
import { Environment } from '../config/environment';
import { openApiDocument } from './openapi-document';

/**
 * `GET /docs`, a page to read and try the API, and `GET /docs-json`, its OpenAPI document. Open to whoever reaches the
 * port, so off in production unless switched on.
 */
export function serveDocs(application: NestExpressApplication, environment: Environment): void {
  if (!areDocsServed(environment)) return;
  application.use('/docs', allowPage);
  SwaggerModule.setup('docs', application, () => openApiDocument(application), {
    customSiteTitle: 'Annals API',
    raw: ['json'],
  });
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
