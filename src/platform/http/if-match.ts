import { createParamDecorator, ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { entityTags } from './entity-tags';
import { ValidationFailedError } from './problem';

/** Metadata of a route: it heeds `If-Match`. */
export const TAKES_IF_MATCH = 'annals:takes-if-match';

const version = /^(0|[1-9]\d{0,9})$/;

/**
 * The versions that `If-Match` asks for (RFC 9110, section 13.1.1); undefined without the header and for `*`. Weak tags
 * and tags that are no version match nothing.
 * @throws ValidationFailedError for a malformed header.
 */
export function versionsOfIfMatch(header: string | undefined): readonly number[] | undefined {
  const tags = header === undefined ? '*' : entityTags(header);
  if (tags === undefined)
    throw ValidationFailedError.at('#/headers/If-Match', 'must be *, or versions in double quotes: "3"');
  if (tags === '*') return undefined;
  return tags
    .filter(({ isWeak, opaque }) => !isWeak && version.test(opaque))
    .map(({ opaque }) => Number(opaque));
}

const Versions = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  versionsOfIfMatch(context.switchToHttp().getRequest<Request>().get('If-Match')),
);

/** `@IfMatch() ifVersion: readonly number[] | undefined`. A route without it refuses the header. */
export function IfMatch(): ParameterDecorator {
  return (target, method, index) => {
    Versions()(target, method, index);
    const route = (target as Readonly<Record<PropertyKey, object | undefined>>)[method ?? ''];
    if (route !== undefined) Reflect.defineMetadata(TAKES_IF_MATCH, true, route);
  };
}
