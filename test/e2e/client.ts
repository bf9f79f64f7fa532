import { AnswerCheck } from '../openapi/answer-check';
import { committedDocument } from '../openapi/document';

/**
 * Calls the service over HTTP as its users do, and checks of every answer what the contract promises of all, and that it
 * is as the OpenAPI document says.
 */

import { keyOf } from '../support/service-process';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly correlationId: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON of the answer; undefined when it has no body, or is a problem. */
  readonly body: T;
  readonly problem?: Problem;
}

type HeaderValues = Readonly<Record<string, string>>;

export interface RawRequest {
  readonly headers?: HeaderValues;
  readonly body?: string | Uint8Array;
}

const check = new AnswerCheck(committedDocument());

export class Client {
  /** Its credentials are the key that the service printed, unless others are given; `null` for none. */
  constructor(
    readonly url: string,
    readonly credentials: string | null = keyOf(url) ?? null,
  ) {}

  /** The same service, called by somebody else. */
  as(credentials: string | null): Client {
    return new Client(this.url, credentials);
  }

  get<T>(path: string, headers: HeaderValues = {}): Promise<Answer<T>> {
    return this.send('GET', path, { headers });
  }

  post<T>(path: string, body?: unknown, headers: HeaderValues = {}): Promise<Answer<T>> {
    return this.send('POST', path, withJson(body, headers));
  }

  put<T>(path: string, body: unknown, headers: HeaderValues = {}): Promise<Answer<T>> {
    return this.send('PUT', path, withJson(body, headers));
  }

  /**
   * A request as it stands, for those that no well-behaved client sends. A process that is not ready says so in a
   * report of its own; all else that is not done is a problem.
   */
  async send<T>(method: string, path: string, { headers, body }: RawRequest = {}): Promise<Answer<T>> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { ...this.authorization(), ...headers },
      body: body as RequestInit['body'],
    });
    const text = await response.text();
    checkCorrelation(response);
    checkDocumented(method, response, text);
    const isProblem =
      response.status >= 400 && text !== '' && !(response.status === 503 && path === '/health/ready');
    if (isProblem)
      return { ...answer(response), body: undefined as T, problem: checkedProblem(response, text) };
    if (text !== '') expect(response.headers.get('Content-Type')).toBe('application/json; charset=utf-8');
    return { ...answer(response), body: (text === '' ? undefined : JSON.parse(text)) as T };
  }

  private authorization(): HeaderValues {
    return this.credentials === null ? {} : { Authorization: `Bearer ${this.credentials}` };
  }
}

/** Expects a refusal, and gives its problem for further questions. */
export function expectRefused(given: Answer<unknown>, status: number, code: string): Problem {
  expect([given.status, given.problem?.code]).toEqual([status, code]);
  return given.problem as Problem;
}

/** Expects 400 with this member, and no other, as the wrong one. */
export function expectInvalid(given: Answer<unknown>, ...pointers: readonly string[]): void {
  const { errors } = expectRefused(given, 400, 'validation-failed');
  expect(errors?.map((error) => error.pointer)).toEqual(pointers);
}

function withJson(body: unknown, headers: HeaderValues): RawRequest {
  if (body === undefined) return { headers };
  return { headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

function answer({ status, headers }: Response): { readonly status: number; readonly headers: Headers } {
  return { status, headers };
}

function checkDocumented(method: string, { url, status, headers }: Response, body: string): void {
  const { pathname, search } = new URL(url);
  const exchange = { method, target: `${pathname}${search}`, status, headers: new Map(headers), body };
  expect(check.breaches(exchange)).toEqual([]);
}

function checkCorrelation(response: Response): void {
  expect(response.headers.get('X-Correlation-Id')).toMatch(/^[A-Za-z0-9._:-]{1,128}$/);
}

/** Traces of the inside: frames of a stack, files of the program, SQL and what Postgres and the driver say. */
const internals =
  /\bat \S+ \(|:\d+:\d+|node_modules|\/dist\/|\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b|relation "|constraint|SQLSTATE|[A-Z]\w+Error\b|ECONN/;

function checkedProblem(response: Response, text: string): Problem {
  expect(response.headers.get('Content-Type')).toBe('application/problem+json; charset=utf-8');
  const problem = JSON.parse(text) as Problem;
  const isBadRequest = response.status === 400;
  const members = ['type', 'title', 'status', 'detail', 'code', 'correlationId'];
  expect(Object.keys(problem)).toEqual(isBadRequest ? [...members, 'errors'] : members);
  expect(problem).toMatchObject({
    type: expect.stringMatching(/^urn:|^https?:/) as string,
    title: expect.stringMatching(/\w/) as string,
    status: response.status,
    detail: expect.stringMatching(/\w/) as string,
    code: expect.stringMatching(/^[a-z]+(-[a-z]+)*$/) as string,
    correlationId: response.headers.get('X-Correlation-Id'),
  });
  if (isBadRequest) checkErrors(problem);
  expect(text).not.toMatch(internals);
  return problem;
}

function checkErrors({ errors = [] }: Problem): void {
  expect(errors.length).toBeGreaterThan(0);
  for (const error of errors) {
    expect(error).toEqual({
      pointer: expect.stringMatching(/^#(\/|$)/) as string,
      detail: expect.stringMatching(/\w/) as string,
    });
  }
}
