import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule } from '@nestjs/swagger';
import { Environment } from '../config/environment';
import { openApiDocument } from './openapi-document';

/**
 * `GET /docs`, a page to read and try the API, and `GET /docs-json`, its OpenAPI document. Open to whoever reaches the
 * port, so off in production unless switched on.
 */
export function serveDocs(application: NestExpressApplication, environment: Environment): void {
  if (!areDocsServed(environment)) return;
  SwaggerModule.setup('docs', application, () => openApiDocument(application), {
    customSiteTitle: 'Annals API',
    raw: ['json'],
  });
}

export function areDocsServed({ NODE_ENV, DOCS_ENABLED }: Environment): boolean {
  return DOCS_ENABLED ?? NODE_ENV !== 'production';
}
