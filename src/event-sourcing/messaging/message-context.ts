import { AsyncLocalStorage } from 'node:async_hooks';
import { newId } from '../event-store/new-id';
import type { Receipt } from '../event-store/receipt';

/** What every message carries on, from the request to the last event that it leads to. */
export interface MessageContext {
  /** One value for everything that one request set off. */
  readonly correlationId: string;
  /** The message that is being handled: it becomes the cause of what is raised now. */
  readonly causationId: string;
  readonly actor: string;
  /**
   * Set while a durable handler runs: ids of events raised now are made from it, so that they are the same when the handler
   * gets its event again.
   */
  readonly derivedFrom?: string;
  /** Set for a request that may be repeated: the one append of it carries this receipt. */
  readonly receipt?: Receipt;
}

const storage = new AsyncLocalStorage<MessageContext>();

/** Runs `work`, and all it awaits, in this context. `causationId` is the correlation id unless given. */
export function runInMessageContext<R>(
  context: Omit<MessageContext, 'causationId'> & Partial<MessageContext>,
  work: () => R,
): R {
  return storage.run({ causationId: context.correlationId, ...context }, work);
}

/** Tells whose message is being handled, where that becomes known after its context was made. Counts for all that follows. */
export function nameActor(actor: string): void {
  const context = storage.getStore();
  if (context) (context as { actor: string }).actor = actor;
}

/** The context of the message that is being handled, if any. */
export function messageContext(): MessageContext | undefined {
  return storage.getStore();
}

/** Metadata for an event raised now. Outside any message the actor is `system`. */
export function currentMetadata(): Omit<MessageContext, 'derivedFrom' | 'receipt'> {
  const context = storage.getStore();
  if (context) {
    const { correlationId, causationId, actor } = context;
    return { correlationId, causationId, actor };
  }
  const correlationId = newId();
  return { correlationId, causationId: correlationId, actor: 'system' };
}
