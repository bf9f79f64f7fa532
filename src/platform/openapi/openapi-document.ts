import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { DeclaredRoles } from '../auth/roles';
import { completeDocument } from './complete-document';

/** A group of operations. Controllers name it by `@ApiTags(…)`. */
export interface ApiTag {
  readonly name: string;
  readonly description: string;
}

/** What the document says of the whole service. */
export interface ApiDescription {
  readonly title: string;
  /** Markdown. */
  readonly description: string;
  readonly tags: readonly ApiTag[];
  readonly roles: DeclaredRoles;
}

/** The OpenAPI 3.1 document of the application, made from the decorators of its controllers. Needs no database. */
export function openApiDocument(application: INestApplication, about: ApiDescription): OpenAPIObject {
  const frame = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(about.title)
    .setDescription(about.description)
    .setVersion('1')
    .addServer('/', 'Where this document comes from.')
    .addSecurity('bearer', bearerOf(about.roles));
  for (const { name, description } of [...about.tags, operations]) frame.addTag(name, description);
  const document = SwaggerModule.createDocument(application, frame.build(), { autoTagControllers: false });
  document.info.license = { name: 'MIT', identifier: 'MIT' } as never;
  return completeDocument(document);
}

/** Of the routes that every service has. */
const operations: ApiTag = { name: 'operations', description: 'For probes and monitoring.' };

function bearerOf(roles: DeclaredRoles) {
  const names = roles.names.map((role) => `\`${role}\``).join(', ');
  return {
    type: 'http',
    scheme: 'bearer',
    description: `A JWT, or an API key, which starts with \`ann_\`. Roles: ${names}.`,
  } as const;
}
