import { isOf, memberOfThrown } from '../../describe-thrown';
import { EventSourcingError } from '../../domain';
import { databaseFailureOf } from '../../postgres/database-failure';
import { HandlerTimeoutError } from '../failures';

/**
 * What kind of failure it was, as far as the error tells.
 *
 * - `timeout`: the handler, or a statement of it, took too long.
 * - `data`: the database refused a value or a row: a wrong type, a duplicate, a broken constraint.
 * - `schema`: a table, a column, a function or a right is missing.
 * - `server`: the database could not do it: no room, no memory, read-only, gone.
 * - `database`: anything else that the database answered.
 * - `network`: another server could not be reached.
 * - `handler`: the code of the projector or handler threw it.
 */
export const failureCategories = [
  'timeout',
  'data',
  'schema',
  'server',
  'database',
  'network',
  'handler',
] as const;

export type FailureCategory = (typeof failureCategories)[number];

const timeouts = new Set(['57014', '55P03', 'ETIMEDOUT', 'ESOCKETTIMEDOUT', 'UND_ERR_HEADERS_TIMEOUT']);
const sqlstate = /^(?:\d[0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/;

export function categoryOf(error: unknown): FailureCategory {
  const code = codeOf(error);
  if (isOf(error, HandlerTimeoutError) || timeouts.has(code ?? '')) return 'timeout';
  if (code !== undefined && sqlstate.test(code)) return ofSqlstate(code, error);
  const failure = databaseFailureOf(error);
  if (failure === undefined) return 'handler';
  return code === undefined ? 'server' : 'network';
}

/** By this two failures are alike: the code of the database or of the network, else the code or the class of the error. */
export function likenessOf(error: unknown): string {
  const ownCode = textOf(memberOfThrown(error, 'code'));
  const likeness = codeOf(error) ?? ownCode ?? textOf(memberOfThrown(error, 'name')) ?? typeof error;
  return `${categoryOf(error)} ${likeness}`;
}

function ofSqlstate(code: string, error: unknown): FailureCategory {
  if (code.startsWith('22') || code.startsWith('23')) return 'data';
  const failure = databaseFailureOf(error);
  if (failure === 'schema') return 'schema';
  if (failure === undefined || failure === 'statement' || failure === 'try-again') return 'database';
  return 'server';
}

/** The code that the database or Node gave the error, or an error that it stands for; errors of TypeORM have that of the driver. */
function codeOf(error: unknown, depth = 0): string | undefined {
  if (depth > 4) return undefined;
  const code = textOf(memberOfThrown(error, 'code'));
  if (code !== undefined && !isOf(error, EventSourcingError)) return code;
  const inner = memberOfThrown(error, 'driverError') ?? memberOfThrown(error, 'cause');
  return inner === undefined ? undefined : codeOf(inner, depth + 1);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, 100) : undefined;
}
