import { CanActivate, ExecutionContext, HttpException, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Environment } from '../config/environment';
import { checkPreconditions } from './preconditions';
import { JsonBody } from './json-body';
import { ValidationFailedError } from './problem';
import { checkQuery } from './query';
import { inputsOf, type RouteInputs } from './route-inputs';
import { UnknownPathController } from './unknown-path.controller';

/**
 * Refuses what a route does not take, and reads the body of the request, once the guards before it have let it in: to
 * strangers nothing is parsed, and nothing is told of what is wrong with a request. Whatever comes after it finds `request.body`.
 */
@Injectable()
export class InputGuard implements CanActivate {
  private readonly largestPage: number;
  private readonly body: JsonBody;

  constructor({ PAGE_SIZE_LIMIT, BODY_LIMIT_BYTES: bytes, JSON_DEPTH_LIMIT: depth }: Environment) {
    this.largestPage = PAGE_SIZE_LIMIT;
    this.body = new JsonBody({ bytes, depth });
  }

  /** @throws ValidationFailedError, or another refusal. */
  canActivate(context: ExecutionContext): true | Promise<true> {
    // There it is enough to say that there is nothing.
    if (context.getClass() === UnknownPathController) return true;
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const inputs = inputsOf(context);
    checkExpectation(request);
    checkPreconditions(request, context.getHandler());
    checkQuery(request.url, request.query as Readonly<Record<string, string | string[]>>, inputs);
    this.checkPage(request);
    return hasBody(request) ? this.read(request, http.getResponse<Response>(), inputs) : true;
  }

  /** No list gives more on one page, whatever its own limit. What is no number is left to the rules of the route. */
  private checkPage({ query }: Request): void {
    if (!(Number(query.limit) > this.largestPage)) return;
    throw ValidationFailedError.at('#/limit', `must not be greater than ${this.largestPage}`);
  }

  private async read(request: Request, response: Response, inputs: RouteInputs): Promise<true> {
    await this.body.read(request, response, inputs);
    return true;
  }
}

/** RFC 9112, section 6.3; an empty one included. */
function hasBody({ headers }: Request): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

/** RFC 9110, section 10.1.1. A body that is expected so is asked for when it is read. */
function checkExpectation({ headers: { expect }, httpVersion }: Request): void {
  if (expect === undefined || httpVersion !== '1.1' || expect.toLowerCase() === '100-continue') return;
  throw new HttpException('Nothing else can be expected here than 100-continue.', 417);
}
