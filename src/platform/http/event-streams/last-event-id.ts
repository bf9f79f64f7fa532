import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { ValidationFailedError } from '../problem';

/**
 * The position in `Last-Event-ID`, behind which a client goes on; undefined for a client that comes for the first time.
 * @throws ValidationFailedError
 */
export const LastEventId = createParamDecorator(
  (_: unknown, context: ExecutionContext): bigint | undefined => {
    const header = context.switchToHttp().getRequest<Request>().get('Last-Event-ID');
    if (header === undefined || header === '') return undefined;
    if (/^\d{1,18}$/.test(header)) return BigInt(header);
    throw ValidationFailedError.at('#/headers/Last-Event-ID', 'must be a position: a decimal number');
  },
);
