import { messageOfThrown } from '../describe-thrown';
import { EventSourcingError } from '../domain';
import { SubscriptionSettings } from './subscription-settings';

/** A handler that did not return in time. What it still does is not kept. */
export class HandlerTimeoutError extends EventSourcingError {
  readonly code = 'handler.timeout';
  readonly kind = 'unavailable';

  constructor(subscription: string, timeoutMs: number) {
    super(`"${subscription}" did not finish an event within ${timeoutMs} ms.`);
  }
}

/** So much was set aside that this is no longer the fault of single events. */
export class TooManyParkedError extends EventSourcingError {
  readonly code = 'subscription.too-many-parked';
  readonly kind = 'unavailable';

  constructor(
    readonly subscription: string,
    count: number,
  ) {
    super(
      `"${subscription}" has set ${count} events aside, which is the limit. Mend its handler, then retry or discard them.`,
    );
  }
}

/** Different streams failed alike, with no success between: that has a common cause, and is the fault of no event. */
export class FailingAlikeError extends EventSourcingError {
  readonly code = 'subscription.failing-alike';
  readonly kind = 'unavailable';

  /** @param kind What makes the failures alike, beginning with their category: `server 53100`. */
  constructor(subscription: string, kind: string, cause: unknown) {
    super(
      `"${subscription}" fails alike (${kind}) on one stream after the other, so it waits as a whole, and goes on by itself when ` +
        `an event succeeds. The last failure: ${messageOfThrown(cause)}`,
      { cause },
    );
  }
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
