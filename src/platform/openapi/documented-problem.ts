/** A problem that a route may answer with, as the OpenAPI document tells it. */
export interface DocumentedProblem {
  readonly code: string;
  readonly status: number;
  /** One sentence for clients: when it comes, or what to do. */
  readonly when: string;
}

/** Any request, whatever the route: all this is judged before a route is found. */
export const requestProblems: readonly DocumentedProblem[] = [
  {
    code: 'validation-failed',
    status: 400,
    when: 'The body, query, path or a header is not valid; `errors` says which members and why.',
  },
  { code: 'payload-too-large', status: 413, when: 'The body has more than 100 kB.' },
  { code: 'unsupported-media-type', status: 415, when: 'The body is not `application/json` in UTF-8.' },
  { code: 'expectation-failed', status: 417, when: '`Expect` names something else than `100-continue`.' },
];

/** Any route may break, or find the service without its database. */
export const serviceProblems: readonly DocumentedProblem[] = [
  {
    code: 'internal-error',
    status: 500,
    when: 'A failure that nobody foresaw; the log tells more by the correlation id.',
  },
  {
    code: 'unavailable',
    status: 503,
    when: 'The database is away, the service has too much to do, or it is stopping.',
  },
];

/** Every route that is not public. */
export const callerProblems: readonly DocumentedProblem[] = [
  { code: 'unauthenticated', status: 401, when: 'The token is missing, unknown or expired.' },
  { code: 'forbidden', status: 403, when: 'The caller is known, and may not do this.' },
  { code: 'too-many-requests', status: 429, when: 'The caller has used up its rate for now.' },
];

/** Requests that no route answers. */
export const unroutedProblems: readonly DocumentedProblem[] = [
  { code: 'unauthenticated', status: 401, when: 'The token is missing, unknown or expired.' },
  { code: 'too-many-requests', status: 429, when: 'The caller has used up its rate for now.' },
  { code: 'not-found', status: 404, when: 'There is nothing at this path.' },
  {
    code: 'method-not-allowed',
    status: 405,
    when: 'The path has no such method; `Allow` names those it has.',
  },
  {
    code: 'http-version-not-supported',
    status: 505,
    when: 'The request is not HTTP/1.1 or HTTP/1.0.',
  },
];

/** Every command. */
export const commandProblems: readonly DocumentedProblem[] = [
  { code: 'version-conflict', status: 409, when: 'Others were faster, many times over. Try again.' },
  {
    code: 'idempotency-key-in-progress',
    status: 409,
    when: 'The first request with this `Idempotency-Key` is still running.',
  },
  {
    code: 'idempotency-key-reused',
    status: 422,
    when: 'This `Idempotency-Key` came with another request before.',
  },
];

export const preconditionFailed: DocumentedProblem = {
  code: 'precondition-failed',
  status: 412,
  when: '`If-Match` names another version than the stored one.',
};

/** A position that the caller got elsewhere, or before the log was restored to an earlier state. */
export const positionOfAnotherEra: DocumentedProblem = {
  code: 'position-of-another-era',
  status: 409,
  when: 'The log has no such position: it ends before.',
};

export const readModelBehind: DocumentedProblem = {
  code: 'read-model-behind',
  status: 503,
  when: 'The read model did not reach `Min-Event-Position` in the time that `Prefer: wait` gave.',
};

export const rebuildInProgress: DocumentedProblem = {
  code: 'rebuild-in-progress',
  status: 409,
  when: 'The read model is being rebuilt already.',
};

export const rebuildRefused: DocumentedProblem = {
  code: 'rebuild-refused',
  status: 422,
  when: 'A table of this read model has something that its copy would lose.',
};

export const notFound: DocumentedProblem = {
  code: 'not-found',
  status: 404,
  when: 'There is nothing of this name or number.',
};
