import type { Request, RequestHandler } from 'express';
import { RequestTimeoutError } from './problem';
import type { ProblemFilter } from './problem.filter';

/** How much longer a connection may be silent than its request may take, in milliseconds: the answer comes first. */
export const silenceBeyondMs = 1_000;

const timers = new WeakMap<Request, (milliseconds: number) => void>();

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
    let timer = setTimeout(tooLate, milliseconds);
    timers.set(request, (longer) => {
      clearTimeout(timer);
      timer = setTimeout(tooLate, longer);
    });
    response.once('close', () => clearTimeout(timer));
    next();
  };
}

/**
 * Gives a request so many milliseconds from now on, where its route waits for something to happen by design. Until it is
 * answered, its connection may be silent for as long.
 */
export function prolongRequest(request: Request, milliseconds: number): void {
  timers.get(request)?.(milliseconds);
  const { socket } = request;
  const { timeout = 0 } = socket;
  if (timeout > 0 && timeout < milliseconds + silenceBeyondMs) {
    socket.setTimeout(milliseconds + silenceBeyondMs);
    request.res?.once('close', () => socket.setTimeout(timeout));
  }
}

/** Its body is being read and has not come yet: the server says so itself, by the same limit. */
function isArriving({ complete, readableFlowing }: Request): boolean {
  return !complete && readableFlowing === true;
}
