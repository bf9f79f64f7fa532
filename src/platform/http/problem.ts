import { RequestError } from './request-error';

/** How many things that are wrong one answer tells, and how long each may be, in characters: what is refused stays small. */
export const mostProblems = 20;
const longestText = 200;

/** One thing that is wrong with a request: where (a JSON pointer fragment, RFC 6901), and what. */
export interface ProblemDetail {
  readonly pointer: string;
  readonly detail: string;
}

/** An answer that is an error, before it is written out as RFC 9457 `application/problem+json`. */
export interface Problem {
  /** Stable; clients tell problems apart by it. */
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly ProblemDetail[];
  readonly headers?: Readonly<Record<string, string>>;
}

const titles: Readonly<Record<number, string>> = {
  400: 'The request is not valid',
  401: 'Authentication is required',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict with what is stored',
  412: 'Precondition failed',
  413: 'The request is too large',
  415: 'Unsupported media type',
  422: 'Refused by a rule',
  417: 'Expectation failed',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Temporarily unavailable',
  505: 'HTTP version not supported',
};

export function problemTitle(status: number): string {
  return titles[status] ?? 'The request failed';
}

/** The problem as RFC 9457 writes it. */
export function problemDocument(problem: Problem, correlationId: string) {
  return {
    type: `urn:annals:problem:${problem.code}`,
    title: problemTitle(problem.status),
    status: problem.status,
    detail: problem.detail,
    code: problem.code,
    correlationId,
    errors: problem.errors?.slice(0, mostProblems).map(shortened),
  };
}

function shortened({ pointer, detail }: ProblemDetail): ProblemDetail {
  return { pointer: shortText(pointer), detail: shortText(detail) };
}

function shortText(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText).toWellFormed()}…` : text;
}

/** The request can never succeed as it is. Carries every member that is wrong. */
export class ValidationFailedError extends RequestError {
  readonly code = 'validation-failed';
  readonly kind = 'invalid';

  constructor(readonly errors: readonly ProblemDetail[]) {
    super('The request is not valid.');
  }

  static at(pointer: string, detail: string): ValidationFailedError {
    return new ValidationFailedError([{ pointer, detail }]);
  }
}

/** The first request under this key has no answer yet. */
export class IdempotencyKeyInProgressError extends RequestError {
  readonly code = 'idempotency-key-in-progress';
  readonly kind = 'conflict';

  constructor() {
    super('A request with this Idempotency-Key is being worked on. Repeat it to get its answer.');
  }
}

/** The key belongs to another request. */
export class IdempotencyKeyReusedError extends RequestError {
  readonly code = 'idempotency-key-reused';
  readonly kind = 'rule';

  constructor() {
    super('This Idempotency-Key was used for another request. Take a new key for each new request.');
  }
}

/** The request was not answered in time. Whether a command is stored is unknown. */
export class RequestTimeoutError extends RequestError {
  readonly code = 'request-timeout';
  readonly kind = 'unavailable';

  constructor() {
    super(
      'The request took too long. A command may be stored all the same: repeat it with its Idempotency-Key.',
    );
  }
}

/** The request speaks another HTTP than this server. */
export class HttpVersionError extends RequestError {
  readonly code = 'http-version-not-supported';
  readonly kind = 'invalid';

  constructor(version: string) {
    super(`HTTP/${version} is not spoken here. Send the request as HTTP/1.1.`);
  }
}

/** The read model has not reached the position that the query asked for. */
export class ReadModelBehindError extends RequestError {
  readonly code = 'read-model-behind';
  readonly kind = 'unavailable';

  constructor(name: string, position: bigint) {
    super(`The read model "${name}" has not reached position ${position} yet. Try again.`);
  }
}
