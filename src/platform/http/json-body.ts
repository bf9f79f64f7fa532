import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { UnsupportedMediaTypeException } from '@nestjs/common';
import { json, type Request, type Response } from 'express';
import { visit } from 'jsonc-parser';
import { ValidationFailedError } from './problem';

export interface BodyLimits {
  /** After decompression. */
  readonly bytes: number;
  /** Requests are nearly flat; what is nested without end would exhaust the stack of whoever walks it. */
  readonly depth: number;
}

/** Reads bodies, JSON objects in UTF-8, into `request.body`, and refuses what a lenient parser would pass in silence. */
export class JsonBody {
  private readonly parser: ReturnType<typeof json>;

  constructor({ bytes, depth }: BodyLimits) {
    this.parser = json({ limit: bytes, strict: true, verify: refuseAmbiguous(depth) });
  }

  /** @throws ValidationFailedError, or another refusal. */
  async read(request: Request, response: Response): Promise<void> {
    const { 'transfer-encoding': encoding, 'content-length': length } = request.headers;
    const hasBytes = encoding !== undefined || Number(length) > 0;
    if (hasBytes && !request.is('application/json')) {
      throw new UnsupportedMediaTypeException('Send the body as application/json.');
    }
    await this.parse(request, response);
    if (Array.isArray(request.body)) throw ValidationFailedError.at('#', 'The body must be a JSON object.');
  }

  private parse(request: Request, response: Response): Promise<void> {
    return new Promise((resolve, reject) => {
      this.parser(request, response, (error?: unknown) =>
        error === undefined ? resolve() : reject(refusal(error)),
      );
    });
  }
}

/** A refusal of the parser, as the error that the filter knows. */
function refusal(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  // It has marked its own error: the filter must not take that for one of the parser's.
  if (error instanceof ValidationFailedError) return new ValidationFailedError(error.errors);
  const isNoJson = 'type' in error && error.type === 'entity.parse.failed';
  return isNoJson ? ValidationFailedError.at('#', 'The body is not valid JSON.') : error;
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
