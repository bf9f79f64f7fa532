import { isNativeError } from 'node:util/types';
import { PoolExhaustedError } from '../errors';

/** SQLSTATEs of a server that is going away, starting, full, or that gave up on the statement. Classes 08 and 57P. */
const unavailableStates = new Set([
  '3D000',
  '53300',
  '55000',
  '55P03',
  '57014',
  '57P01',
  '57P02',
  '57P03',
  '57P05',
  '25P03',
  '25P04',
]);
const socketErrors = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);
/** What `pg` and `pg-pool` say without a code. */
const driverMessages =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout|client was closed|Cannot use a pool after calling end/i;

/** Statements that the server gave up on, and did not do. */
const gaveUp = new Set(['57014', '55P03', '53300']);

/** True when the database could not be reached or answer, so that nothing is said about the statement itself. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof PoolExhaustedError) return true;
  if (!isNativeError(error)) return false;
  const code = errorCode(error);
  if (code !== undefined)
    return unavailableStates.has(code) || code.startsWith('08') || socketErrors.has(code);
  if ('errors' in error && Array.isArray(error.errors)) return error.errors.some(isDatabaseUnavailable);
  return driverMessages.test(error.message);
}

/** True when a connection was lost: to try once more on a new one makes sense. */
export function isConnectionLost(error: unknown): boolean {
  return (
    isDatabaseUnavailable(error) &&
    !(error instanceof PoolExhaustedError) &&
    !gaveUp.has(errorCode(error) ?? '')
  );
}

function errorCode(error: unknown): string | undefined {
  const { code, driverError } = error as { code?: unknown; driverError?: unknown };
  if (typeof code === 'string') return code;
  return isNativeError(driverError) ? errorCode(driverError) : undefined;
}
