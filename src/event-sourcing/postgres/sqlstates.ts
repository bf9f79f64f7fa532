/**
 * What an error says of the database. It is what the error claims: a function of an application may raise any code, and another
 * server may be meant. Whoever must know whose fault it is asks besides whether its own connection was lost.
 *
 * - `no-connection`: none could be had, or it is gone. Whether the last statement was done is unknown.
 * - `condemned`: the connection lives, but leads to a server that does not write, or its state is unknown.
 * - `unavailable`: the server cannot do it now, or gave up; it did nothing. The connection is good.
 * - `schema`: a table, column, function or right is missing: the database is not as this program needs it.
 * - `try-again`: the transaction was rolled back for the sake of others; the same may succeed when it is run again.
 * - `statement`: the statement itself, or its data.
 */
export type DatabaseFailure =
  'no-connection' | 'condemned' | 'unavailable' | 'schema' | 'try-again' | 'statement';

/** Codes that differ from their class, and codes of classes that say nothing as a whole. */
const codes: Readonly<Record<string, DatabaseFailure>> = {
  // A standby, or a server that was made read-only. The connection stays on it after a switchover.
  '25006': 'condemned',
  // The server ended the session, because its transaction was idle or lasted for too long.
  '25P03': 'no-connection',
  '25P04': 'no-connection',
  // The prepared statement is gone, or there already: a pooler has put another server behind the connection.
  '26000': 'condemned',
  '42P05': 'condemned',
  // The database is gone, or is being renamed or restored.
  '3D000': 'unavailable',
  '3F000': 'schema',
  // The two that are run again; 40000 is their class without a reason, 72000 a snapshot that grew too old.
  '40000': 'try-again',
  '40001': 'try-again',
  '40P01': 'try-again',
  '72000': 'try-again',
  // The completion of the statement is unknown.
  '40003': 'no-connection',
  '42501': 'schema',
  '42703': 'schema',
  '42704': 'schema',
  '42883': 'schema',
  '42P01': 'schema',
  // Somebody else uses the object, or holds the lock.
  '55006': 'unavailable',
  '55P03': 'unavailable',
  // Cancelled, most often by a time limit. The session goes on.
  '57000': 'unavailable',
  '57014': 'unavailable',
  // A foreign server could not be reached, or has no memory.
  HV001: 'unavailable',
  HV00N: 'unavailable',
};

/** Classes: the first two characters of a code. A class that is not here is the fault of the statement. */
const classes: Readonly<Record<string, DatabaseFailure>> = {
  // The connection was refused or broke, or the protocol was violated.
  '08': 'no-connection',
  // The server does not let this role in (any more).
  '28': 'unavailable',
  // No room on the disk, no memory, too many connections.
  '53': 'unavailable',
  // The server is shutting down, starting or crashing, or ended this session.
  '57': 'no-connection',
  // Input and output failed; a file of the server is missing.
  '58': 'unavailable',
  // The server's configuration cannot be read.
  F0: 'unavailable',
  // Internal errors, corrupted tables and indexes; some poolers say "full" with it.
  XX: 'unavailable',
};

/** Codes begin with the digits and letters of the standard's classes; `EPIPE` and the like of Node do not. */
const isSqlstate = /^(?:[0-5][0-9A-Z]|72|F0|HV|P0|XX)[0-9A-Z]{3}$/;

/** What a SQLSTATE claims; undefined when the text is none. */
export function failureOfSqlstate(code: string): DatabaseFailure | undefined {
  if (!isSqlstate.test(code)) return undefined;
  return codes[code] ?? classes[code.slice(0, 2)] ?? 'statement';
}
