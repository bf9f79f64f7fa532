import { isNativeError } from 'node:util/types';
import { PoolExhaustedError } from '../event-store/errors';
import { DatabaseFailure, failureOfSqlstate } from './sqlstates';

export type { DatabaseFailure } from './sqlstates';

/** What of an error tells the failure. Errors of TypeORM carry that of the driver as `driverError`. */
interface Evidence {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly severity?: unknown;
  readonly routine?: unknown;
  readonly syscall?: unknown;
  readonly driverError?: unknown;
  readonly errors?: unknown;
  readonly cause?: unknown;
}

type Judge = (error: Evidence) => DatabaseFailure | undefined;

const socketErrors = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ENOTCONN', 'EPROTO'],
  ...['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['EMFILE', 'ENFILE', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END', 'ERR_SOCKET_CLOSED'],
]);
/** The server's certificate is refused, or TLS cannot be spoken with it. */
const tlsErrors = /^(?:ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;
/** To reach a host, or to find it. Without a file at the path of a socket, `connect` says ENOENT. */
const connecting = new Set(['connect', 'getaddrinfo']);

/** Of TypeORM: the runner was released, because its connection was lost; or the data source is closed. */
const releasedRunners = new Set([
  'QueryRunnerAlreadyReleasedError',
  'QueryRunnerProviderAlreadyReleasedError',
  'CannotExecuteNotConnectedError',
]);

/** What `pg` and `pg-pool` say without a code. */
const lostMessages =
  /Connection terminated|timeout exceeded when trying to connect|timeout expired|Client has encountered a connection error|[Cc]lient was closed|Cannot use a pool after calling end|The server does not support SSL connections|There was an error establishing an SSL connection|^SASL: /;
/** The client's clock gave up on an answer that may still come, or an answer came that nobody asked for. */
const condemningMessages = /Query read timeout|Received unexpected \w+ message from backend/;

/** The session is over, whatever the code. The server says it in its own language (`lc_messages`): the words of its translations. */
const panics = new Set([
  ...['PANIC', 'PANICO', 'PANIK', 'ПАНИКА', 'ПАНІКА', 'პანიკა', '손상', '比致命错误还过分的错误'],
]);
const fatals = new Set([
  ...['FATAL', 'FATALE', 'FATALT', 'ВАЖНО', 'ФАТАЛЬНО', 'ფატალური', '치명적오류', '致命错误'],
]);

/** The server lets nobody in now, or not this role, or not into this database: no session was lost. */
const refusesLogin = /^(?:28...|3D000|53300)$/;

/** Errors are wrapped in errors; a chain of causes may be a circle. */
const deepest = 8;

/** The first that knows the error decides. */
const judges: readonly Judge[] = [
  ofSeverity,
  ofStalePlan,
  ofCode,
  ofSocket,
  ({ name }) => (releasedRunners.has(String(name)) ? 'no-connection' : undefined),
  ofMessage,
];

/**
 * What an error says of the database; undefined when it says nothing of it. Looks into `driverError`, `errors` and `cause`, and never
 * throws, whatever was thrown.
 */
export function databaseFailureOf(error: unknown): DatabaseFailure | undefined {
  try {
    return judge(error, 0);
  } catch {
    // A member that throws when it is read.
    return undefined;
  }
}

/** True when the database could not be reached or could not do it now, so that nothing is said about the statement itself. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const failure = databaseFailureOf(error);
  return failure === 'unavailable' || isOfConnection(failure);
}

/** True when the connection is gone or must not be used again: to try once more on a new one makes sense. */
export function isConnectionLost(error: unknown): boolean {
  return isOfConnection(databaseFailureOf(error));
}

/** True when the same work, if it may be repeated, is worth another try at once, on a new connection. */
export function isWorthAnotherTry(error: unknown): boolean {
  const failure = databaseFailureOf(error);
  return failure === 'try-again' || isOfConnection(failure);
}

function isOfConnection(failure: DatabaseFailure | undefined): boolean {
  return failure === 'no-connection' || failure === 'condemned';
}

function judge(error: unknown, depth: number): DatabaseFailure | undefined {
  if (depth > deepest || !isNativeError(error)) return undefined;
  if (error instanceof PoolExhaustedError) return 'unavailable';
  const evidence: Evidence = error;
  for (const known of judges) {
    const failure = known(evidence);
    if (failure) return failure;
  }
  return ofOthers(evidence, depth + 1);
}

/** A session that ended says more than its code: a full disk is one thing, a crash because of it another. */
function ofSeverity({ code, severity }: Evidence): DatabaseFailure | undefined {
  const word = String(severity);
  if (panics.has(word)) return 'no-connection';
  return fatals.has(word) && !refusesLogin.test(String(code)) ? 'no-connection' : undefined;
}

/** "cached plan must not change result type", in any language: a migration changed what the connection had prepared. */
function ofStalePlan({ code, routine }: Evidence): DatabaseFailure | undefined {
  return code === '0A000' && routine === 'RevalidateCachedQuery' ? 'condemned' : undefined;
}

function ofCode({ code }: Evidence): DatabaseFailure | undefined {
  return typeof code === 'string' ? failureOfSqlstate(code) : undefined;
}

function ofSocket({ code, syscall }: Evidence): DatabaseFailure | undefined {
  if (typeof code !== 'string') return undefined;
  const isOfSocket = socketErrors.has(code) || tlsErrors.test(code) || connecting.has(String(syscall));
  return isOfSocket ? 'no-connection' : undefined;
}

function ofMessage({ code, message }: Evidence): DatabaseFailure | undefined {
  if (code !== undefined) return undefined;
  const text = String(message);
  if (condemningMessages.test(text)) return 'condemned';
  return lostMessages.test(text) ? 'no-connection' : undefined;
}

function ofOthers({ driverError, errors, cause }: Evidence, depth: number): DatabaseFailure | undefined {
  const several: readonly unknown[] = Array.isArray(errors) ? errors : [];
  const others = [driverError, ...several, cause];
  for (const other of others) {
    const failure = judge(other, depth);
    if (failure) return failure;
  }
  return undefined;
}
