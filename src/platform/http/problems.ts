import { HttpException, Injectable, Logger, OnModuleInit, type ValueProvider } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { databaseFailureOf, EventSourcingError } from '../../event-sourcing';
import { KeptProblemError } from './idempotency/kept-problem-error';
import type { Problem, ProblemDetail } from './problem';
import {
  type CodedError,
  codesOfStatus,
  ownRows,
  type ProblemRow,
  type ProblemRows,
  rowsOfKinds,
  withDashes,
} from './problem-rows';
import { RequestError } from './request-error';

const PROBLEM_ROWS = Symbol('rows of the table of problems');

/**
 * A provider that adds rows to the table, for the module of a feature or an extension:
 * `providers: [answersOf({ 'user.forgotten': { status: 410 } })]`.
 */
export function answersOf(rows: ProblemRows): ValueProvider<ProblemRows> {
  return { provide: PROBLEM_ROWS, useValue: rows };
}

/** The only place where errors get HTTP statuses: by their code, else by their kind. */
@Injectable()
export class Problems implements OnModuleInit {
  private readonly logger = new Logger('Http');
  private readonly rows = new Map<string, ProblemRow>(Object.entries(ownRows));

  constructor(private readonly discovery: DiscoveryService) {}

  /** @throws Error where two modules answer one code. */
  onModuleInit(): void {
    for (const { token, instance } of this.discovery.getProviders()) {
      if (token === PROBLEM_ROWS) this.add(instance as ProblemRows);
    }
  }

  /** The problem of an error that somebody foresaw. */
  known(error: unknown): Problem | undefined {
    const problem = this.judged(error);
    return problem?.status === 500 ? undefined : problem;
  }

  /** The problem of any error. What nobody foresaw, or what the operator has to mend, is logged. */
  of(error: unknown): Problem {
    const problem = this.judged(error);
    if (problem && problem.status !== 500) {
      if (databaseFailureOf(error) === 'schema')
        this.log('A request failed: the database lacks what it needs.', error);
      return problem;
    }
    this.log('A request failed for a reason that nobody foresaw.', error);
    return problem ?? unforeseen;
  }

  private add(rows: ProblemRows): void {
    for (const [code, row] of Object.entries(rows)) {
      if (this.rows.has(code))
        throw new Error(`Errors of the code "${code}" are answered twice. Keep one row for it.`);
      this.rows.set(code, row);
    }
  }

  private judged(error: unknown): Problem | undefined {
    if (error instanceof KeptProblemError) return error.problem;
    if (error instanceof EventSourcingError || error instanceof RequestError) return this.ofCoded(error);
    return fromHttp(error) ?? fromParsers(error) ?? fromDatabase(error);
  }

  private ofCoded(error: CodedError): Problem | undefined {
    const own = this.rows.get(error.code);
    if (!own && error.kind === 'defect') return undefined;
    // What the kernel says of a failing server is for operators; what the web host says is for clients.
    const { status, detail, code, headers } = rowsOfKinds[error.kind];
    const ofKind = error instanceof RequestError ? { status, headers } : { status, detail, code, headers };
    return problemIn({ ...ofKind, ...own }, error);
  }

  private log(message: string, error: unknown): void {
    this.logger.error(message, (error as Error | undefined)?.stack);
  }
}

const unforeseen: Problem = {
  code: 'internal-error',
  status: 500,
  detail: 'The request failed. The log tells more, by the correlation id.',
};

function problemIn(row: ProblemRow, error: CodedError): Problem {
  const { status = 500, detail = error.message, pointer } = row;
  const code = row.codeOf?.(error) ?? row.code ?? withDashes(error.code);
  const headers = { ...row.headers, ...headersOf(error) };
  const problem =
    Object.keys(headers).length > 0 ? { code, status, detail, headers } : { code, status, detail };
  return status === 400 ? withErrors(problem, errorsOf(error), pointer) : problem;
}

function headersOf(error: CodedError): RequestError['headers'] {
  return error instanceof RequestError ? error.headers : undefined;
}

function errorsOf(error: CodedError): readonly ProblemDetail[] | undefined {
  return (error as { readonly errors?: readonly ProblemDetail[] }).errors;
}

/** Every 400 says what is wrong, where nothing else is known the request as a whole. */
function withErrors(problem: Problem, errors?: readonly ProblemDetail[], pointer = '#'): Problem {
  if (errors) return { ...problem, errors };
  return { ...problem, detail: 'The request is not valid.', errors: [{ pointer, detail: problem.detail }] };
}

function fromHttp(error: unknown): Problem | undefined {
  if (!(error instanceof HttpException)) return undefined;
  const status: number = error.getStatus();
  return ofStatus(status, codesOfStatus[status] ?? (status < 500 ? 'refused' : undefined), error.message);
}

/** Errors of the body parser and of the router carry their status themselves. */
function fromParsers(error: unknown): Problem | undefined {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return undefined;
  return ofStatus(error.status, codesOfStatus[error.status], error.message);
}

function ofStatus(status: number, code: string | undefined, detail: string): Problem | undefined {
  if (code === undefined) return undefined;
  const problem = { code, status, detail };
  return status === 400 ? { ...problem, errors: [{ pointer: '#', detail }] } : problem;
}

/** What the server is to blame for. A statement that asks for what the database does not have is a defect of this program. */
function fromDatabase(error: unknown): Problem | undefined {
  const failure = databaseFailureOf(error);
  if (failure === undefined || failure === 'statement' || failure === 'schema') return undefined;
  const { code = '', status = 503, detail = '', headers } = rowsOfKinds.unavailable;
  return { code, status, detail, headers };
}
