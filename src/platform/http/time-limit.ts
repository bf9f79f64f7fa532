import type { Request, RequestHandler } from 'express';
import { RequestTimeoutError } from './problem';
import type { ProblemFilter } from './problem.filter';

/**
 * Answers a request with 503 that has no answer yet when its time is over. The time begins here, so that it bounds whatever
 * comes after, the question who the caller is included. The work behind a request is not broken off: a command may still be
 * stored, and an Idempotency-Key tells. (An interceptor would cost every request an eighth of the time of a read, as the
 * framework wraps what happens inside of it.)
 */
export function timeLimit(milliseconds: number, problems: ProblemFilter): RequestHandler {
  return (request, response, next) => {
    const tooLate = (): void => {
      if (isArriving(request)) timer.refresh();
      else if (!response.headersSent) problems.answer(new RequestTimeoutError(), request, response);
    };
    const timer = setTimeout(tooLate, milliseconds);
    response.once('close', () => clearTimeout(timer));
    next();
  };
}

/** Its body is being read and has not come yet: the server says so itself, by the same limit. */
function isArriving({ complete, readableFlowing }: Request): boolean {
  return !complete && readableFlowing === true;
}
