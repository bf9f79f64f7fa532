import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { completeDocument } from './complete-document';

const description = `
Users over REST, on a log of events. Bodies are JSON objects in UTF-8; an unknown or repeated member of a body or a query is
refused. Times are ISO 8601 in UTC with milliseconds. Positions in the log are decimal strings, versions of a user are numbers.

**Read your own write.** A command answers with \`Event-Position\`. A query that sends it back as \`Min-Event-Position\` sees
the change, or hears 503 \`read-model-behind\`.

**Conditional commands.** \`If-Match: "<version>"\` gives 412 when the user is elsewhere.

**Errors** are \`application/problem+json\` (RFC 9457). Tell them apart by \`code\`. A path that is not here is 404 \`not-found\`;
a path with another method is 405 \`method-not-allowed\`, and \`Allow\` names the methods it has (see \`x-unrouted-responses\`).
A GET can be asked as HEAD too.
`.trim();

const bearer = {
  type: 'http',
  scheme: 'bearer',
  description:
    'A JWT, or an API key, which starts with `ann_`. Roles: `users:read`, `users:write`, `users:self`, `admin`.',
} as const;

/** The OpenAPI 3.1 document of the application, made from the decorators of its controllers. Needs no database. */
export function openApiDocument(application: INestApplication): OpenAPIObject {
  const frame = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Annals')
    .setDescription(description)
    .setVersion('1')
    .addServer('/', 'Where this document comes from.')
    .addTag('users', 'Users: commands, and queries from their read model.')
    .addTag('admin', 'For operators: subscriptions, events set aside, the log.')
    .addTag('operations', 'For probes and monitoring.')
    .addSecurity('bearer', bearer)
    .build();
  const document = SwaggerModule.createDocument(application, frame, { autoTagControllers: false });
  document.info.license = { name: 'MIT', identifier: 'MIT' } as never;
  return completeDocument(document);
}
