import { CallHandler, ExecutionContext, Injectable, NestInterceptor } from '@nestjs/common';
import type { Request, RequestHandler, Response } from 'express';
import type { Observable } from 'rxjs';
import { Environment } from '../config/environment';
import { bodyRefused, jsonBody } from './json-body';
import { pageSize } from './page-size';

/**
 * Reads the body of a request, and checks the size of the page it asks for, once the guards have let it in: to strangers nothing is parsed, and nothing is told of what
 * is wrong with a body. It is the first of the global interceptors; those after it find `request.body`.
 */
@Injectable()
export class BodyInterceptor implements NestInterceptor {
  private readonly steps: readonly RequestHandler[];

  constructor({ PAGE_SIZE_LIMIT, BODY_LIMIT_BYTES: bytes, JSON_DEPTH_LIMIT: depth }: Environment) {
    this.steps = [pageSize(PAGE_SIZE_LIMIT), ...jsonBody({ bytes, depth })];
  }

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const [request, response] = [http.getRequest<Request>(), http.getResponse<Response>()];
    for (const step of this.steps) await run(step, request, response);
    return next.handle();
  }
}

function run(step: RequestHandler, request: Request, response: Response): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: unknown): void =>
      reject(error instanceof Error ? error : new Error(String(error)));
    void step(request, response, (error?: unknown) =>
      error === undefined ? resolve() : bodyRefused(error as Error, request, response, refuse),
    );
  });
}
