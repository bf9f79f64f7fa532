import { DatabaseError } from 'pg';
import {
  QueryFailedError,
  QueryRunnerAlreadyReleasedError,
  QueryRunnerProviderAlreadyReleasedError,
} from 'typeorm';
import { EventStoreUnavailableError, PoolExhaustedError } from '../event-store/errors';
import {
  DatabaseFailure,
  databaseFailureOf,
  isConnectionLost,
  isDatabaseUnavailable,
  isWorthAnotherTry,
} from './database-failure';

interface ServerError {
  readonly severity?: string;
  readonly routine?: string;
}

/** As `pg` makes it from what the server says. */
function serverError(code: string, { severity = 'ERROR', routine }: ServerError = {}): Error {
  return Object.assign(new DatabaseError('what the server says', 20, 'error'), { code, severity, routine });
}

const nodeError = (code: string, syscall?: string) =>
  Object.assign(new Error(`failed: ${code}`), { code, syscall });

function unreadable(): never {
  throw new Error('It cannot be read.');
}

/** Every class of SQLSTATE, and every code that is judged otherwise than its class. */
const sqlstates: Readonly<Record<DatabaseFailure, readonly string[]>> = {
  'no-connection': [
    ...['08000', '08001', '08003', '08004', '08006', '08007', '08P01', '25P03', '25P04', '40003'],
    ...['57P01', '57P02', '57P03', '57P04', '57P05'],
  ],
  condemned: ['25006', '26000', '42P05'],
  unavailable: [
    ...[
      '28000',
      '28P01',
      '3D000',
      '53000',
      '53100',
      '53200',
      '53300',
      '53400',
      '55006',
      '55P03',
      '57000',
      '57014',
    ],
    ...['58000', '58030', '58P01', '58P02', 'F0000', 'F0001', 'HV001', 'HV00N', 'XX000', 'XX001', 'XX002'],
  ],
  schema: ['3F000', '42501', '42703', '42704', '42883', '42P01'],
  'try-again': ['40000', '40001', '40P01', '72000'],
  statement: [
    ...[
      '03000',
      '09000',
      '0A000',
      '0B000',
      '0F000',
      '0L000',
      '0P000',
      '0Z000',
      '20000',
      '21000',
      '22001',
      '22021',
    ],
    ...[
      '22P02',
      '23502',
      '23503',
      '23505',
      '23514',
      '23P01',
      '24000',
      '25000',
      '25001',
      '25P01',
      '25P02',
      '27000',
    ],
    ...[
      '2B000',
      '2BP01',
      '2D000',
      '2F000',
      '34000',
      '38000',
      '39000',
      '3B000',
      '40002',
      '42000',
      '42601',
      '42P07',
    ],
    ...[
      '44000',
      '54000',
      '54001',
      '54011',
      '54023',
      '55000',
      '55P02',
      '55P04',
      'HV000',
      'P0001',
      'P0002',
      'P0004',
    ],
  ],
};

const table = Object.entries(sqlstates).flatMap(([failure, codes]) =>
  codes.map((code) => [code, failure as DatabaseFailure] as const),
);

describe('a SQLSTATE', () => {
  it.each(table)('%s claims: %s', (code, failure) => {
    const error = serverError(code);
    expect(databaseFailureOf(error)).toBe(failure);
    expect(databaseFailureOf(new QueryFailedError('SELECT', [], error))).toBe(failure);
    expect(databaseFailureOf(new Error('wrapped', { cause: error }))).toBe(failure);
    expect(databaseFailureOf(new AggregateError([new Error('first'), error]))).toBe(failure);
    expect(isDatabaseUnavailable(error)).toBe(
      ['no-connection', 'condemned', 'unavailable'].includes(failure),
    );
    expect(isConnectionLost(error)).toBe(['no-connection', 'condemned'].includes(failure));
    expect(isWorthAnotherTry(error)).toBe(['no-connection', 'condemned', 'try-again'].includes(failure));
  });

  it.each(['53100', '53200', '58030', 'XX000', '55000', '22000', '42501', '57014', '25006'])(
    '%s of a session that the server ended says that the connection is lost',
    (code) => {
      for (const severity of ['FATAL', 'PANIC', 'PANIK', 'ВАЖНО', '致命错误']) {
        expect(databaseFailureOf(serverError(code, { severity }))).toBe('no-connection');
      }
    },
  );

  it.each(['28000', '28P01', '3D000', '53300'])(
    '%s at the login says that the server lets nobody in',
    (code) => {
      expect(databaseFailureOf(serverError(code, { severity: 'FATAL' }))).toBe('unavailable');
    },
  );

  it('of a plan that a migration made stale condemns the connection that has it', () => {
    expect(databaseFailureOf(serverError('0A000', { routine: 'RevalidateCachedQuery' }))).toBe('condemned');
    expect(databaseFailureOf(serverError('0A000', { routine: 'transformStmt' }))).toBe('statement');
  });
});

const withoutSqlstate: readonly (readonly [failure: DatabaseFailure, error: Error])[] = [
  ...[
    ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'EHOSTDOWN'],
    ...['ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EMFILE', 'ENFILE', 'EPROTO'],
    ...[
      'ERR_STREAM_DESTROYED',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'CERT_HAS_EXPIRED',
      'SELF_SIGNED_CERT_IN_CHAIN',
    ],
  ].map((code) => ['no-connection', nodeError(code)] as const),
  ['no-connection', nodeError('ENOENT', 'connect')],
  ['no-connection', nodeError('EACCES', 'connect')],
  ['no-connection', nodeError('ENODATA', 'getaddrinfo')],
  ...[
    'Connection terminated unexpectedly',
    'Connection terminated',
    'Connection terminated due to connection timeout',
    'timeout exceeded when trying to connect',
    'timeout expired',
    'Client has encountered a connection error and is not queryable',
    'Client was closed and is not queryable',
    'Cannot use a pool after calling end on the pool',
    'The server does not support SSL connections',
  ].map((message) => ['no-connection', new Error(message)] as const),
  ['no-connection', new QueryRunnerAlreadyReleasedError()],
  ['no-connection', new QueryRunnerProviderAlreadyReleasedError()],
  ['condemned', new Error('Query read timeout')],
  ['condemned', new Error('Received unexpected commandComplete message from backend.')],
  ['unavailable', new PoolExhaustedError(10)],
];

describe('an error without a SQLSTATE', () => {
  it.each(
    withoutSqlstate.map(([failure, error]) => ({ failure, error, what: `${error.name} ${error.message}` })),
  )('claims $failure: $what', ({ failure, error }) => {
    expect(databaseFailureOf(error)).toBe(failure);
    expect(databaseFailureOf(new EventStoreUnavailableError(error))).toBe(failure);
    expect(isDatabaseUnavailable(error)).toBe(true);
  });

  const circle = new Error('a circle');
  circle.cause = circle;
  const strange: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['text', '57P01'],
    ['an object that is no error', { code: '57P01' }],
    ['an object without a prototype', Object.create(null)],
    ['an error of the program', new TypeError('x is not a function')],
    ['an error of a file', nodeError('ENOENT', 'open')],
    ['a code of another kind', Object.assign(new Error('no'), { code: 57 })],
    ['a code that only looks like a SQLSTATE', nodeError('EPERM')],
    ['a circle of causes', circle],
    ['a member that throws', Object.defineProperty(new Error('no'), 'code', { get: unreadable })],
  ];

  it.each(strange)('says nothing of the database: %s', (_what, error) => {
    expect(databaseFailureOf(error)).toBeUndefined();
    expect([isDatabaseUnavailable(error), isConnectionLost(error), isWorthAnotherTry(error)]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
