import { CallHandler, ExecutionContext, Injectable, NestInterceptor } from '@nestjs/common';
import type { Request, RequestHandler, Response } from 'express';
import type { Observable } from 'rxjs';
import { bodyRefused, jsonBody } from './json-body';

/**
 * Reads the body of a request once the guards have let it in: to strangers nothing is parsed, and nothing is told of what
 * is wrong with a body. It is the first of the global interceptors; those after it find `request.body`.
 */
@Injectable()
export class BodyInterceptor implements NestInterceptor {
  private readonly steps = jsonBody();

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
