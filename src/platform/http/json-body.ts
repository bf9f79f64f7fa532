import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { json, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { visit } from 'jsonc-parser';
import { ValidationFailedError } from './problem';

/** Bodies are JSON objects in UTF-8, up to 100 kB. */
const bodyLimit = '100kb';

/** What `express.json` throws for its status: the filter makes the problem of it. */
class UnsupportedMediaTypeError extends Error {
  readonly status = 415;
}

/** Reads JSON bodies, and refuses what a lenient parser would pass in silence. */
export function jsonBody(): readonly RequestHandler[] {
  return [refuseOtherMediaTypes, json({ limit: bodyLimit, strict: true, verify: refuseAmbiguous }), refuseNonObjects];
}

function refuseOtherMediaTypes(request: Request, _response: Response, next: NextFunction): void {
  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0;
  if (hasBody && !request.is('application/json')) {
    next(new UnsupportedMediaTypeError('Send the body as application/json.'));
    return;
  }
  next();
}

/** Runs on the raw body, before it is parsed; malformed JSON is left to the parser. */
function refuseAmbiguous(_request: IncomingMessage, _response: unknown, body: Buffer): void {
  if (!isUtf8(body)) throw badRequest('#', 'The body is not UTF-8.');
  const problem = ambiguousMember(body.toString('utf8'));
  if (problem) throw problem;
}

/** Finds a member that is given twice, or one that no parser should touch. */
function ambiguousMember(text: string): Error | undefined {
  const open: Set<string>[] = [];
  let problem: Error | undefined;
  visit(text, {
    onObjectBegin: () => void open.push(new Set()),
    onObjectEnd: () => void open.pop(),
    onObjectProperty: (name, ...place) => {
      const path = place[4];
      const pointer = `#/${[...path(), name].join('/')}`;
      if (name === '__proto__') problem ??= badRequest(pointer, 'is not a known member');
      if (open.at(-1)?.has(name)) problem ??= badRequest(pointer, 'is given more than once');
      open.at(-1)?.add(name);
    },
  });
  return problem;
}

/** The body parser keeps the status of what `verify` throws. */
function badRequest(pointer: string, detail: string): Error {
  return Object.assign(ValidationFailedError.at(pointer, detail), { status: 400 });
}

function refuseNonObjects(request: Request, _response: Response, next: NextFunction): void {
  const isObject = request.body === undefined || (typeof request.body === 'object' && !Array.isArray(request.body));
  next(isObject ? undefined : ValidationFailedError.at('#', 'The body must be a JSON object.'));
}
