import { createParamDecorator, ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { ValidationFailedError } from './problem';

const entityTags = /^(?:W\/)?"[\x21\x23-\x7e]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7e]*")*$/;
const strongVersion = /^"(0|[1-9]\d{0,9})"$/;

/**
 * The versions that `If-Match` asks for (RFC 9110, section 13.1.1); undefined without the header and for `*`. Weak tags
 * and tags that are no version match nothing.
 * @throws ValidationFailedError for a malformed header.
 */
export function versionsOfIfMatch(header: string | undefined): readonly number[] | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  if (!entityTags.test(header.trim())) {
    throw ValidationFailedError.at('#/headers/If-Match', 'must be *, or versions in double quotes: "3"');
  }
  return header.split(',').flatMap((tag) => {
    const [, version] = strongVersion.exec(tag.trim()) ?? [];
    return version === undefined ? [] : [Number(version)];
  });
}

/** `@IfMatch() ifVersion: readonly number[] | undefined` */
export const IfMatch = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  versionsOfIfMatch(context.switchToHttp().getRequest<Request>().get('If-Match')),
);
