import { ArgumentMetadata, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { pointerTo } from './check-json';
import { wrongShapes } from './nested-members';
import { ProblemDetail, ValidationFailedError } from './problem';

/** Checks bodies, queries and paths against their classes. A member that the class does not have is refused. */
export function validation(): ValidationPipe {
  return new StrictValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => new ValidationFailedError(errors.flatMap((error) => details(error, []))),
  });
}

/**
 * Refuses what the validator overlooks: members that every object has already (`?constructor=`), and lists, objects and `null`
 * where the class has something else.
 */
class StrictValidationPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const inherited =
      metadata.type === 'custom' ? [] : Object.keys(value ?? {}).filter((name) => name in Object.prototype);
    if (inherited.length > 0)
      throw new ValidationFailedError(
        inherited.map((name) => ({ pointer: `#/${name}`, detail: 'is not a known member' })),
      );
    const given: unknown = await super.transform(value, metadata);
    const wrong = metadata.type === 'custom' ? [] : wrongShapes(given);
    if (wrong.length > 0) throw new ValidationFailedError(wrong);
    return given;
  }
}

function details(error: ValidationError, parent: readonly string[]): ProblemDetail[] {
  const path = [...parent, error.property];
  const pointer = pointerTo(path);
  const own = Object.entries(error.constraints ?? {}).map(([rule, detail]) => ({
    pointer,
    detail: rule === 'whitelistValidation' ? 'is not a known member' : detail,
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => details(child, path))];
}
