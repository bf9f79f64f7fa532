import { CanActivate, ExecutionContext, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Environment } from '../config/environment';
import { JsonBody } from './json-body';
import { ValidationFailedError } from './problem';

/**
 * Reads the body of a request, and checks the size of the page it asks for, once the guards before it have let it in: to
 * strangers nothing is parsed, and nothing is told of what is wrong with a body. Whatever comes after it finds `request.body`.
 */
@Injectable()
export class BodyGuard implements CanActivate {
  private readonly largestPage: number;
  private readonly body: JsonBody;

  constructor({ PAGE_SIZE_LIMIT, BODY_LIMIT_BYTES: bytes, JSON_DEPTH_LIMIT: depth }: Environment) {
    this.largestPage = PAGE_SIZE_LIMIT;
    this.body = new JsonBody({ bytes, depth });
  }

  /** @throws ValidationFailedError, or another refusal of the body. */
  canActivate(context: ExecutionContext): true | Promise<true> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    this.checkPage(request);
    return hasBody(request) ? this.read(request, http.getResponse<Response>()) : true;
  }

  /** No list gives more on one page, whatever its own limit. What is no number is left to the rules of the route. */
  private checkPage({ query }: Request): void {
    if (!(Number(query.limit) > this.largestPage)) return;
    throw ValidationFailedError.at('#/limit', `must not be greater than ${this.largestPage}`);
  }

  private async read(request: Request, response: Response): Promise<true> {
    await this.body.read(request, response);
    return true;
  }
}

/** RFC 9112, section 6.3; an empty one included. */
function hasBody({ headers }: Request): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}
