import type { DataSource } from 'typeorm';
import { isOf } from '../../describe-thrown';
import {
  EventStoreClosedError,
  EventStoreOverloadedError,
  EventStoreUnavailableError,
  PoolExhaustedError,
} from '../../event-store/errors';
import { UnknownEventTypeError, UnknownSchemaVersionError } from '../../event-store/event-registry';
import { databaseFailureOf } from '../../postgres/database-failure';
import { canWriteOnNewConnection } from '../../postgres/new-connection';
import { FailingAlikeError, HandlerTimeoutError, TooManyParkedError } from '../failures';
import { EventGoneError } from '../../log/contiguous';
import { LeaseLostError } from '../checkpoints/leases';
import { TransactionLostError } from './own-transaction';

/**
 * - `event`: of the event, or of the code that handles it.
 * - `transaction`: of the moment; the same transaction may succeed when it is run again.
 * - `program`: this program is older than the event.
 * - `subscription`: of none of its events. It waits as a whole.
 */
export type Fault = 'event' | 'transaction' | 'program' | 'subscription';

const ofSubscription = [
  LeaseLostError,
  EventGoneError,
  TooManyParkedError,
  FailingAlikeError,
  EventStoreClosedError,
];
const ofProgram = [UnknownEventTypeError, UnknownSchemaVersionError];
const ofMoment = [EventStoreUnavailableError, EventStoreOverloadedError, PoolExhaustedError];

/**
 * Whose fault it is that a transaction failed. How the error looks proves nothing: a handler meets other servers, and a function
 * may raise any code. So the subscription waits as a whole only when a question on a new connection fails, too.
 */
export async function whoseFault(error: unknown, dataSource: DataSource): Promise<Fault> {
  const cause = causeOf(error);
  if (isOneOf(cause, ofSubscription)) return 'subscription';
  if (isOneOf(cause, ofProgram)) return 'program';
  const wasLost = isOf(error, TransactionLostError);
  const isInDoubt = wasLost || mayBeTheServer(cause);
  if (isInDoubt && !(await canWriteOnNewConnection(dataSource))) return 'subscription';
  if (isOf(cause, HandlerTimeoutError)) return 'event';
  return isOfMoment(wasLost, cause) ? 'transaction' : 'event';
}

/** What failed in a transaction, whether or not its connection was lost with it. */
export function causeOf(error: unknown): unknown {
  return isOf(error, TransactionLostError) ? error.cause : error;
}

function mayBeTheServer(error: unknown): boolean {
  const failure = databaseFailureOf(error);
  return isOneOf(error, ofMoment) || (failure !== undefined && failure !== 'statement');
}

function isOfMoment(wasLost: boolean, error: unknown): boolean {
  const failure = databaseFailureOf(error);
  return wasLost || isOneOf(error, ofMoment) || failure === 'try-again' || failure === 'condemned';
}

function isOneOf(error: unknown, classes: readonly (abstract new (...args: never[]) => unknown)[]): boolean {
  return classes.some((errorClass) => isOf(error, errorClass));
}
