import { HttpException, Logger } from '@nestjs/common';
import {
  AggregateAlreadyExistsError,
  AggregateNotFoundError,
  ClaimTakenError,
  databaseFailureOf,
  EventStoreClosedError,
  EventStoreOverloadedError,
  EventStoreUnavailableError,
  InexactNumberError,
  InvalidAppendError,
  NotAProjectorError,
  NotParkedError,
  RebuildInProgressError,
  RebuildRefusedError,
  UnknownSubscriptionError,
  VersionPreconditionError,
  WrongExpectedVersionError,
} from '../../event-sourcing';
import { DomainError, DomainErrorKind } from '../../event-sourcing/domain';
import {
  ForbiddenError,
  IssuerUnavailableError,
  KeysUnavailableError,
  TooManyRequestsError,
  UnauthenticatedError,
} from '../auth/auth-errors';
import { KeptProblemError } from './idempotency/kept-problem-error';
import {
  HttpVersionError,
  IdempotencyKeyInProgressError,
  IdempotencyKeyReusedError,
  Problem,
  ReadModelBehindError,
  RequestTimeoutError,
  ValidationFailedError,
} from './problem';

const retryAfter = { 'Retry-After': '1' };
const statusOfKind: Readonly<Record<DomainErrorKind, number>> = { rule: 422, conflict: 409, invalid: 400 };

type Rule = (error: unknown) => Problem | undefined;

/** The only place where errors get HTTP statuses. The first rule that knows the error decides. */
const rules: readonly Rule[] = [
  fromAccess,
  fromValidation,
  fromIdempotency,
  fromDomain,
  fromRepository,
  fromSubscriptions,
  fromTimeout,
  fromStore,
  fromHttp,
  fromParsers,
  fromDatabase,
];

/** The problem of an error that somebody foresaw. */
export function knownProblem(error: unknown): Problem | undefined {
  for (const rule of rules) {
    const problem = rule(error);
    if (problem) return problem;
  }
  return undefined;
}

export function problemOf(error: unknown): Problem {
  const problem = knownProblem(error);
  if (problem) {
    if (databaseFailureOf(error) === 'schema')
      logFailure('A request failed: the database lacks what it needs.', error);
    return problem;
  }
  logFailure('A request failed for a reason that nobody foresaw.', error);
  return {
    code: 'internal-error',
    status: 500,
    detail:
      error instanceof InexactNumberError
        ? error.message
        : 'The request failed. The log tells more, by the correlation id.',
  };
}

function logFailure(message: string, error: unknown): void {
  new Logger('Http').error(message, (error as Error | undefined)?.stack);
}

function fromAccess(error: unknown): Problem | undefined {
  if (error instanceof UnauthenticatedError) {
    const headers = { 'WWW-Authenticate': error.challenge };
    return { code: 'unauthenticated', status: 401, detail: error.message, headers };
  }
  if (error instanceof ForbiddenError) return { code: 'forbidden', status: 403, detail: error.message };
  if (error instanceof TooManyRequestsError) {
    const headers = { 'Retry-After': String(error.retryAfterSeconds) };
    return { code: 'too-many-requests', status: 429, detail: error.message, headers };
  }
  if (error instanceof IssuerUnavailableError || error instanceof KeysUnavailableError)
    return { code: 'unavailable', status: 503, detail: error.message, headers: retryAfter };
  return undefined;
}

function fromValidation(error: unknown): Problem | undefined {
  if (error instanceof HttpVersionError)
    return { code: 'http-version-not-supported', status: 505, detail: error.message };
  if (!(error instanceof ValidationFailedError)) return undefined;
  return { code: 'validation-failed', status: 400, detail: error.message, errors: error.errors };
}

function fromIdempotency(error: unknown): Problem | undefined {
  if (error instanceof KeptProblemError) return error.problem;
  if (error instanceof IdempotencyKeyInProgressError) {
    return {
      code: 'idempotency-key-in-progress',
      status: 409,
      detail: error.message,
      headers: retryAfter,
    };
  }
  if (!(error instanceof IdempotencyKeyReusedError)) return undefined;
  return { code: 'idempotency-key-reused', status: 422, detail: error.message };
}

function fromDomain(error: unknown): Problem | undefined {
  if (!(error instanceof DomainError)) return undefined;
  if (error.kind === 'invalid') {
    return fromValidation(ValidationFailedError.at('#', error.message));
  }
  return { code: error.code.replaceAll('.', '-'), status: statusOfKind[error.kind], detail: error.message };
}

function fromRepository(error: unknown): Problem | undefined {
  if (error instanceof AggregateNotFoundError) {
    return { code: `${kebabCase(error.aggregateType)}-not-found`, status: 404, detail: error.message };
  }
  if (error instanceof AggregateAlreadyExistsError) {
    return { code: `${kebabCase(error.aggregateType)}-already-exists`, status: 409, detail: error.message };
  }
  if (error instanceof VersionPreconditionError) {
    return { code: 'precondition-failed', status: 412, detail: error.message };
  }
  if (error instanceof ClaimTakenError) {
    return {
      code: `${kebabCase(error.claim.scope).replaceAll('.', '-')}-taken`,
      status: 409,
      detail: 'Another one has this value.',
    };
  }
  if (error instanceof WrongExpectedVersionError) {
    return {
      code: 'version-conflict',
      status: 409,
      detail: 'Others were faster, many times over. Try again.',
    };
  }
  return undefined;
}

function fromSubscriptions(error: unknown): Problem | undefined {
  if (error instanceof UnknownSubscriptionError || error instanceof NotParkedError) {
    return { code: 'not-found', status: 404, detail: error.message };
  }
  if (error instanceof RebuildInProgressError) {
    return { code: 'rebuild-in-progress', status: 409, detail: error.message };
  }
  if (error instanceof RebuildRefusedError) {
    return { code: 'rebuild-refused', status: 422, detail: error.message };
  }
  return error instanceof NotAProjectorError
    ? fromValidation(ValidationFailedError.at('#/name', error.message))
    : undefined;
}

function fromTimeout(error: unknown): Problem | undefined {
  if (!(error instanceof RequestTimeoutError)) return undefined;
  return { code: 'unavailable', status: 503, detail: error.message, headers: retryAfter };
}

function fromStore(error: unknown): Problem | undefined {
  if (error instanceof InvalidAppendError)
    return fromValidation(ValidationFailedError.at('#', error.message));
  if (error instanceof ReadModelBehindError) {
    return { code: 'read-model-behind', status: 503, detail: error.message, headers: retryAfter };
  }
  const isUnavailable =
    error instanceof EventStoreUnavailableError ||
    error instanceof EventStoreOverloadedError ||
    error instanceof EventStoreClosedError;
  return isUnavailable ? databaseUnavailable : undefined;
}

const databaseUnavailable: Problem = {
  code: 'unavailable',
  status: 503,
  detail: 'The service cannot reach its database now, or has too much to do. Try again.',
  headers: retryAfter,
};

/** What the server is to blame for. A statement that asks for what the database does not have is a fault of this program. */
function fromDatabase(error: unknown): Problem | undefined {
  const failure = databaseFailureOf(error);
  const isOfProgram = failure === undefined || failure === 'statement' || failure === 'schema';
  return isOfProgram ? undefined : databaseUnavailable;
}

const codesOfStatus: Readonly<Record<number, string>> = {
  400: 'validation-failed',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  409: 'conflict',
  412: 'precondition-failed',
  413: 'payload-too-large',
  415: 'unsupported-media-type',
  417: 'expectation-failed',
  422: 'unprocessable',
  429: 'too-many-requests',
  503: 'unavailable',
};

function fromHttp(error: unknown): Problem | undefined {
  if (!(error instanceof HttpException)) return undefined;
  const status: number = error.getStatus();
  const code = codesOfStatus[status] ?? (status < 500 ? 'refused' : undefined);
  return code === undefined ? undefined : withErrors({ code, status, detail: error.message });
}

/** Errors of the body parser and of the router carry their status themselves. */
function fromParsers(error: unknown): Problem | undefined {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return undefined;
  const code = codesOfStatus[error.status];
  return code === undefined ? undefined : withErrors({ code, status: error.status, detail: error.message });
}

/** Every 400 says what is wrong; here it is the request as a whole. */
function withErrors(problem: Problem): Problem {
  return problem.status === 400
    ? { ...problem, errors: [{ pointer: '#', detail: problem.detail }] }
    : problem;
}

function kebabCase(name: string): string {
  return name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
}
