import { UnsupportedMediaTypeException } from '@nestjs/common';
import type { Request, Response } from 'express';
import { bodyBytes } from './body-bytes';
import { checkJson } from './check-json';
import { ValidationFailedError } from './problem';
import type { RouteInputs } from './route-inputs';

export interface BodyLimits {
  /** After decompression. */
  readonly bytes: number;
  /** Requests are nearly flat; what is nested without end would exhaust the stack of whoever walks it. */
  readonly depth: number;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads bodies, JSON objects in UTF-8, into `request.body`, and refuses what a lenient parser would pass in silence. */
export class JsonBody {
  constructor(private readonly limits: BodyLimits) {}

  /**
   * @param inputs What the route takes.
   * @throws ValidationFailedError, or another refusal: without reading the body where its headers are reason enough.
   */
  async read(request: Request, response: Response, inputs: RouteInputs): Promise<void> {
    if (hasBytes(request)) checkType(request);
    const isWaiting = request.headers.expect !== undefined && request.httpVersion === '1.1';
    const ask = () => (isWaiting ? response.writeContinue() : undefined);
    const text = decoded(await bodyBytes(request, this.limits.bytes, ask));
    request.body = text === '' ? {} : this.parsed(text, inputs);
  }

  private parsed(text: string, inputs: RouteInputs): object {
    const value = parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw ValidationFailedError.at('#', 'The body must be a JSON object.');
    checkJson(text, inputs, this.limits);
    return value;
  }
}

/** RFC 9112, section 6.3. */
export function hasBytes({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Any other charset than UTF-8 would have other members than those that are checked: JSON is UTF-8 (RFC 8259, section 8.1). */
function checkType(request: Request): void {
  if (!request.is('application/json'))
    throw new UnsupportedMediaTypeException('Send the body as application/json.');
  const [, charset = 'utf-8'] =
    /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(request.headers['content-type'] ?? '') ?? [];
  if (charset.toLowerCase() !== 'utf-8') throw new UnsupportedMediaTypeException('Send the body in UTF-8.');
}

function decoded(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw ValidationFailedError.at('#', 'The body is not UTF-8.');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw ValidationFailedError.at('#', 'The body is not valid JSON.');
  }
}
