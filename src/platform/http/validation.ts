import { ArgumentMetadata, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { ProblemDetail, ValidationFailedError } from './problem';

/** Checks bodies, queries and paths against their classes. A member that the class does not have is refused. */
export function validation(): ValidationPipe {
  return new StrictValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => new ValidationFailedError(errors.flatMap((error) => details(error, '#'))),
  });
}

/** Refuses members that every object has already (`?constructor=`), which the check for unknown members overlooks. */
class StrictValidationPipe extends ValidationPipe {
  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const inherited =
      metadata.type === 'custom' ? [] : Object.keys(value ?? {}).filter((name) => name in Object.prototype);
    if (inherited.length === 0) return super.transform(value, metadata);
    throw new ValidationFailedError(
      inherited.map((name) => ({ pointer: `#/${name}`, detail: 'is not a known member' })),
    );
  }
}

function details(error: ValidationError, parent: string): ProblemDetail[] {
  const pointer = `${parent}/${error.property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const own = Object.entries(error.constraints ?? {}).map(([rule, detail]) => ({
    pointer,
    detail: rule === 'whitelistValidation' ? 'is not a known member' : detail,
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => details(child, pointer))];
}
