import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { ValidationFailedError } from './problem';

/** No list gives more on one page, whatever its own limit. What is no number is left to the rules of the route. */
export function pageSize(largest: number): RequestHandler {
  return (request: Request, _response: Response, next: NextFunction): void => {
    const isTooLarge = Number(request.query.limit) > largest;
    next(isTooLarge ? ValidationFailedError.at('#/limit', `must not be greater than ${largest}`) : undefined);
  };
}
