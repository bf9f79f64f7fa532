import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import pino from 'pino';
import { routeOf } from '../../../../src/platform/http/route-of';

/** Lines are written together, as the service writes its own. */
const output = pino.destination({ dest: 1, sync: false, minLength: 4_096 });
const logger = pino({ base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, output);

/** One line of JSON for each request, with its correlation id. */
export const logRequests: RequestHandler = (request, response, next) => {
  const began = performance.now();
  const correlationId = request.header('x-correlation-id') ?? randomUUID();
  response.setHeader('X-Correlation-Id', correlationId);
  response.once('close', () => {
    const { method } = request;
    const route = routeOf(request);
    const milliseconds = Math.round((performance.now() - began) * 10) / 10;
    const members = { context: 'Http', correlationId, method, route, milliseconds };
    logger.info({ ...members, status: response.statusCode }, `${method} ${route} ${response.statusCode}`);
  });
  next();
};
