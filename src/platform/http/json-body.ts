import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { UnsupportedMediaTypeException } from '@nestjs/common';
import { json, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { visit } from 'jsonc-parser';
import { ValidationFailedError } from './problem';

export interface BodyLimits {
  /** After decompression. */
  readonly bytes: number;
  /** Requests are nearly flat; what is nested without end would exhaust the stack of whoever walks it. */
  readonly depth: number;
}

/** Reads bodies, JSON objects in UTF-8, and refuses what a lenient parser would pass in silence. */
export function jsonBody({ bytes, depth }: BodyLimits): readonly RequestHandler[] {
  return [
    refuseOtherMediaTypes,
    json({ limit: bytes, strict: true, verify: refuseAmbiguous(depth) }),
    refuseNonObjects,
  ];
}

/** Gives the parser's refusals back as the errors that the filter knows. */
export function bodyRefused(
  error: Error & { type?: string },
  _request: Request,
  _response: Response,
  next: NextFunction,
): void {
  if (error instanceof ValidationFailedError) return next(new ValidationFailedError(error.errors));
  if (error.type === 'entity.parse.failed')
    return next(ValidationFailedError.at('#', 'The body is not valid JSON.'));
  next(error);
}

function refuseOtherMediaTypes(request: Request, _response: Response, next: NextFunction): void {
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0;
  if (hasBody && !request.is('application/json')) {
    next(new UnsupportedMediaTypeException('Send the body as application/json.'));
    return;
  }
  next();
}

/**
 * Runs on the raw body, before it is parsed; malformed JSON is left to the parser. That would decode any `charset` that
 * begins with `utf-`, and so read other members than were checked here: JSON is UTF-8 (RFC 8259, section 8.1).
 */
function refuseAmbiguous(deepestNesting: number) {
  return (_request: IncomingMessage, _response: unknown, body: Buffer, charset: string): void => {
    if (charset !== 'utf-8') throw new UnsupportedMediaTypeException('Send the body in UTF-8.');
    if (!isUtf8(body)) throw ValidationFailedError.at('#', 'The body is not UTF-8.');
    const problem = ambiguousMember(body.toString('utf8'), deepestNesting);
    if (problem) throw problem;
  };
}

/** Finds a member that is given twice, or one that every object has already (`__proto__`, `constructor`). */
function ambiguousMember(text: string, deepestNesting: number): Error | undefined {
  const open: Set<string>[] = [];
  let problem: Error | undefined;
  const enter = (): void => {
    if (open.push(new Set()) > deepestNesting)
      throw ValidationFailedError.at('#', 'The body is nested too deeply.');
  };
  const leave = (): void => void open.pop();
  visit(text, {
    onObjectBegin: enter,
    onObjectEnd: leave,
    onArrayBegin: enter,
    onArrayEnd: leave,
    onObjectProperty: (name, ...place) => {
      const path = place[4];
      const pointer = `#/${[...path(), name].join('/')}`;
      if (name in Object.prototype) problem ??= ValidationFailedError.at(pointer, 'is not a known member');
      if (open.at(-1)?.has(name)) problem ??= ValidationFailedError.at(pointer, 'is given more than once');
      open.at(-1)?.add(name);
    },
  });
  return problem;
}

function refuseNonObjects(request: Request, _response: Response, next: NextFunction): void {
  const isObject =
    request.body === undefined || (typeof request.body === 'object' && !Array.isArray(request.body));
  next(isObject ? undefined : ValidationFailedError.at('#', 'The body must be a JSON object.'));
}
