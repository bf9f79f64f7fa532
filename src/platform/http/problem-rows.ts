import { type ErrorKind, type EventSourcingError, statusOfKind } from '../../event-sourcing';
import type { RequestError } from './request-error';

/** An error that the table goes by: one of the kernel, of a domain, or of the web host. */
export type CodedError = EventSourcingError | RequestError;

/** How errors of one code are answered. What a row leaves out follows from the kind of the error. */
export interface ProblemRow {
  readonly status?: number;
  /** Code of the problem. Default: that of the error, with dashes for dots. */
  readonly code?: string;
  /** The same, where it depends on what the error is about. */
  codeOf?(error: CodedError): string;
  /** For clients. Default: the message of the error. */
  readonly detail?: string;
  /** What of the request is wrong, for a 400. */
  readonly pointer?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Rows by the codes of errors. */
export type ProblemRows = Readonly<Record<string, ProblemRow>>;

const retryAfter = { 'Retry-After': '1' };

/** What follows from the kind of an error alone. A defect is no answer that somebody foresaw. */
export const rowsOfKinds: Readonly<Record<ErrorKind, ProblemRow>> = {
  invalid: { status: statusOfKind.invalid, code: 'validation-failed' },
  'not-found': { status: statusOfKind['not-found'], code: 'not-found' },
  conflict: { status: statusOfKind.conflict },
  rule: { status: statusOfKind.rule },
  unavailable: {
    status: statusOfKind.unavailable,
    code: 'unavailable',
    detail: 'The service cannot reach its database now, or has too much to do. Try again.',
    headers: retryAfter,
  },
  defect: { status: statusOfKind.defect, code: 'internal-error' },
};

interface OfAggregate extends EventSourcingError {
  readonly aggregateType: string;
}

interface OfClaim extends EventSourcingError {
  readonly claim: { readonly scope: string };
}

/** Errors of the kernel whose answer says more than their kind. */
const rowsOfKernel: ProblemRows = {
  'aggregate.not-found': {
    codeOf: ({ aggregateType }: OfAggregate) => `${withDashes(aggregateType)}-not-found`,
  },
  'aggregate.exists': {
    codeOf: ({ aggregateType }: OfAggregate) => `${withDashes(aggregateType)}-already-exists`,
  },
  'aggregate.other-version': { status: 412, code: 'precondition-failed' },
  'claim.taken': {
    codeOf: ({ claim }: OfClaim) => `${withDashes(claim.scope)}-taken`,
    detail: 'Another one has this value.',
  },
  'stream.version-conflict': {
    code: 'version-conflict',
    detail: 'Other requests were faster, many times over. Try again.',
  },
  'stream.version-range': { pointer: '#/to' },
  'stored-event.number-inexact': { status: 500, code: 'internal-error' },
  'subscription.not-a-projector': { pointer: '#/name' },
};

/** Errors of the web host. */
const rowsOfHost: ProblemRows = {
  unauthenticated: { status: 401 },
  forbidden: { status: 403 },
  'too-many-requests': { status: 429 },
  'http-version-not-supported': { status: 505 },
  'idempotency-key-in-progress': { headers: retryAfter },
  'request-timeout': { code: 'unavailable' },
  'event-streams-full': { code: 'unavailable' },
  'keys-unavailable': { code: 'unavailable' },
  'issuer-unavailable': { code: 'unavailable' },
};

export const ownRows: ProblemRows = { ...rowsOfKernel, ...rowsOfHost };

/** Codes of problems that have no error class: those of Nest's exceptions, of the router and of the body parser. */
export const codesOfStatus: Readonly<Record<number, string>> = {
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

/** `StreetLamp` as `street-lamp`, and `user.email` as `user-email`. */
export function withDashes(name: string): string {
  return name
    .replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-')
    .replaceAll('.', '-')
    .toLowerCase();
}
