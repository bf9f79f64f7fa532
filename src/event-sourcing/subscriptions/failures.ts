import {
  EventSourcingError,
  EventStoreClosedError,
  EventStoreOverloadedError,
  EventStoreUnavailableError,
} from '../event-store/errors';
import { UnknownEventTypeError, UnknownSchemaVersionError } from '../event-store/event-registry';
import { isDatabaseUnavailable } from '../event-store/postgres/database-failure';
import { LeaseLostError } from './leases';
import { SubscriptionSettings } from './subscription-settings';

/** A handler that did not return in time. What it still does is not kept. */
export class HandlerTimeoutError extends EventSourcingError {
  constructor(subscription: string, timeoutMs: number) {
    super(`"${subscription}" did not finish an event within ${timeoutMs} ms.`);
  }
}

/** So much was set aside that this is no longer the fault of single events. */
export class TooManyParkedError extends EventSourcingError {
  constructor(subscription: string, count: number) {
    super(
      `"${subscription}" has set ${count} events aside, which is the limit. Mend its handler, then retry or discard them: ` +
        'npm run cli -- parked list',
    );
  }
}

const notTheEvent = [
  LeaseLostError,
  EventStoreUnavailableError,
  EventStoreOverloadedError,
  EventStoreClosedError,
  UnknownEventTypeError,
  UnknownSchemaVersionError,
  TooManyParkedError,
];

/** Deadlock and serialization failure: the same transaction may succeed when it is run again. */
const tryAgain = new Set(['40001', '40P01']);

/**
 * Whether an error says nothing about the event that was handled: the database is away, the lease is gone, or this program
 * is older than the log. Then the subscription waits, and nothing is set aside.
 */
export function isNotTheEvents(error: unknown): boolean {
  if (notTheEvent.some((errorClass) => error instanceof errorClass)) return true;
  // TypeORM's word for a connection that was lost between two statements.
  if (error instanceof Error && error.name === 'QueryRunnerAlreadyReleasedError') return true;
  return (
    isDatabaseUnavailable(error) || tryAgain.has(String((error as { code?: unknown } | undefined)?.code))
  );
}

/** Pause before the next try, in milliseconds: doubled each time, capped, with jitter; undefined after the last try. */
export function retryDelay(attempts: number, settings: SubscriptionSettings): number | undefined {
  if (attempts >= settings.maxAttempts) return undefined;
  const pause = Math.min(settings.maxRetryDelayMs, settings.retryDelayMs * 2 ** (attempts - 1));
  return pause * (0.5 + Math.random() / 2);
}

/** Rejects when the work takes longer. */
export async function withTimeout<R>(work: Promise<R>, subscription: string, timeoutMs: number): Promise<R> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new HandlerTimeoutError(subscription, timeoutMs)), timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
