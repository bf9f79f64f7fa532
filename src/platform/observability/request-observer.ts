import { Injectable, Logger } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { messageContext, runInMessageContext, type MessageContext } from '../../event-sourcing';
import { Environment } from '../config/environment';
import { routeOf } from '../http/route-of';
import { logFormat } from '../logging/log-format';
import { HttpMetrics, type RequestLabels } from './http-metrics';

/** Asked again and again by machines; only `debug` wants to see them. */
const probes = ['/health/live', '/health/ready', '/metrics'];

/** What nginx and others call a request whose client left before the answer. */
const clientLeft = 499;

/** Counts each request, and logs one line for it. Knows its route, never its path, query, headers or body. */
@Injectable()
export class RequestObserver {
  private readonly logger = new Logger('Http');
  private readonly isLogging: boolean;
  private readonly isJson: boolean;

  constructor(
    private readonly metrics: HttpMetrics,
    environment: Environment,
  ) {
    this.isLogging = environment.LOG_REQUESTS;
    this.isJson = logFormat(environment) === 'json';
  }

  /** Goes behind the middleware that makes the message context. */
  readonly observe = (request: Request, response: Response, next: NextFunction): void => {
    const began = performance.now();
    const context = messageContext();
    response.once('close', () => {
      const labels = labelsOf(request, response);
      const milliseconds = performance.now() - began;
      this.metrics.observe(labels, isEventStream(response) ? undefined : milliseconds / 1_000);
      if (!this.isLogging) return;
      // The event comes from the socket, outside the context of the request.
      if (context) runInMessageContext(context, () => this.log(labels, milliseconds, context));
    });
    next();
  };

  private log(labels: RequestLabels, exactly: number, { actor }: MessageContext): void {
    const { method, route, status } = labels;
    const milliseconds = Math.round(exactly * 10) / 10;
    const message = `${method} ${route} ${status}`;
    const write = probes.some((probe) => route.endsWith(probe)) ? 'debug' : 'log';
    if (this.isJson) this.logger[write](message, { ...labels, milliseconds });
    else this.logger[write](`${message} in ${milliseconds} ms by ${actor}`);
  }
}

function isEventStream(response: Response): boolean {
  return String(response.getHeader('Content-Type')).startsWith('text/event-stream');
}

function labelsOf(request: Request, response: Response): RequestLabels {
  return {
    method: request.method,
    route: routeOf(request),
    status: response.writableFinished ? response.statusCode : clientLeft,
  };
}
