import { ArgumentsHost, Catch, ExceptionFilter, NotFoundException } from '@nestjs/common';
import type { Request, Response } from 'express';
import { AllowedMethods } from './allowed-methods';
import { Problem, problemDocument } from './problem';
import { Problems } from './problems';

/** Writes every error as `application/problem+json`. Nothing of the inside gets out: no stack, no SQL. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly allowedMethods: AllowedMethods,
    private readonly problems: Problems,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<Request>(), http.getResponse<Response>());
  }

  answer(error: unknown, request: Request, response: Response): void {
    if (response.headersSent) {
      response.end();
      return;
    }
    const problem = this.methodNotAllowed(error, request) ?? this.problems.of(error);
    const body = problemDocument(problem, String(response.getHeader('X-Correlation-Id') ?? ''));
    response.status(problem.status).set(problem.headers ?? {});
    // What is still on its way of this request is not read, and who has asked too often does not go on here.
    if (!request.complete || problem.status === 429) response.set('Connection', 'close');
    response.type('application/problem+json').send(JSON.stringify(body));
  }

  /** The router knows no such route: perhaps it knows the path. */
  private methodNotAllowed(error: unknown, request: Request): Problem | undefined {
    if (!(error instanceof NotFoundException)) return undefined;
    const methods = this.allowedMethods.of(request.path);
    if (methods.length === 0) {
      return { code: 'not-found', status: 404, detail: 'There is nothing at this path.' };
    }
    return {
      code: 'method-not-allowed',
      status: 405,
      detail: `${request.method} is not possible here. Possible: ${methods.join(', ')}.`,
      headers: { Allow: methods.join(', ') },
    };
  }
}
