import { CanActivate, ExecutionContext, Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { Environment } from '../config/environment';
import { RequestTimeoutError } from './problem';
import { ProblemFilter } from './problem.filter';

/**
 * Lets everyone pass, and answers a request with 503 that has no answer yet when its time is over. The work behind it is not broken off:
 * a command may still be stored, and an Idempotency-Key tells. (An interceptor would cost every request an eighth of the
 * time of a read, as the framework wraps what happens inside of it.)
 */
@Injectable()
export class RequestTimeoutGuard implements CanActivate {
  constructor(
    private readonly environment: Environment,
    private readonly problems: ProblemFilter,
  ) {}

  canActivate(context: ExecutionContext): true {
    const response = context.switchToHttp().getResponse<Response>();
    const tooLate = (): void => {
      if (!response.headersSent) this.problems.catch(new RequestTimeoutError(), context);
    };
    const timer = setTimeout(tooLate, this.environment.REQUEST_TIMEOUT_MS);
    response.once('close', () => clearTimeout(timer));
    return true;
  }
}
