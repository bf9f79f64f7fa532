import { EventSourcingError } from '../../domain';

/** The loop was to stop, and its work took too long. Nothing of it is kept. */
export class WorkGivenUpError extends EventSourcingError {
  readonly code = 'subscription.given-up';
  readonly kind = 'unavailable';

  constructor(subscription: string, withinMs: number) {
    super(
      `"${subscription}" was to stop, and did not end what it was doing within ${withinMs} ms: it is given up.`,
    );
  }
}

export interface EndInTimeOf {
  readonly name: string;
  /** From now on the work is to end. */
  readonly stop: AbortSignal;
  readonly withinMs: number;
}

/**
 * Waits for work that is to end once `stop` fires. Whatever it waits for then (a lock, a server that does not answer, a handler), it
 * is left behind after `withinMs`. It is told by its signal, and must store nothing more.
 * @throws WorkGivenUpError
 */
export async function endInTime(
  { name, stop, withinMs }: EndInTimeOf,
  work: (givenUp: AbortSignal) => Promise<void>,
): Promise<void> {
  const givenUp = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const limit = (): void => {
    timer = setTimeout(() => givenUp.abort(new WorkGivenUpError(name, withinMs)), withinMs);
  };
  if (stop.aborted) limit();
  stop.addEventListener('abort', limit, { once: true });
  try {
    await unlessAborted(givenUp.signal, work(givenUp.signal));
  } finally {
    stop.removeEventListener('abort', limit);
    clearTimeout(timer);
  }
}

/** As `work`, but rejects with the reason of the signal as soon as that fires. */
export async function unlessAborted<R>(signal: AbortSignal, work: Promise<R>): Promise<R> {
  let fire: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    fire = () => reject(signal.reason as Error);
  });
  signal.addEventListener('abort', fire);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', fire);
  }
}
