import { CallHandler, ExecutionContext, Injectable, NestInterceptor } from '@nestjs/common';
import { type Observable, throwError, timeout } from 'rxjs';
import { Environment } from '../config/environment';
import { RequestTimeoutError } from './problem';

/**
 * Answers a request that takes too long with 503. The work behind it is not broken off: a command may still be stored, and
 * an Idempotency-Key tells.
 */
@Injectable()
export class RequestTimeout implements NestInterceptor {
  constructor(private readonly environment: Environment) {}

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const first = this.environment.REQUEST_TIMEOUT_MS;
    return next.handle().pipe(timeout({ first, with: () => throwError(() => new RequestTimeoutError()) }));
  }
}
