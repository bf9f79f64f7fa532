import type { NextFunction, Request, Response } from 'express';
import { newId, runInMessageContext } from '../../event-sourcing';
import { routeOf } from './route-of';

const sane = /^[A-Za-z0-9._:-]{1,128}$/;

/**
 * Answers with the correlation id of the request, or with a new one, and runs the request in its message context. The actor
 * is `anonymous` until a guard knows the caller.
 */
export function correlation(request: Request, response: Response, next: NextFunction): void {
  const given = request.get('X-Correlation-Id');
  const correlationId = given !== undefined && sane.test(given) ? given : newId();
  response.setHeader('X-Correlation-Id', correlationId);
  const work = [(): string => `${request.method} ${routeOf(request)}`];
  runInMessageContext({ correlationId, actor: 'anonymous', work }, next);
}
