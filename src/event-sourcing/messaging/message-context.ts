import { AsyncLocalStorage } from 'node:async_hooks';
import { newId } from '../new-id';
import type { Receipt } from './receipt';

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
  /** What is being done, from the outside in: the route, then the command. */
  readonly work?: readonly WorkLabel[];
  /**
   * What this message is a part of, and waited for with: the transaction of a durable handler, for one. Default: that of the
   * message around it; of the outermost, its own context.
   */
  readonly scope?: object;
}

/** Words for the log: `command RenameUser`. A function where they are put together only when they are needed. */
export type WorkLabel = string | (() => string);

const storage = new AsyncLocalStorage<MessageContext>();

/**
 * Runs `work`, and all it awaits, in this context. `causationId` is the correlation id unless given; `work` and `scope` are those
 * of the context around it.
 */
export function runInMessageContext<R>(
  context: Omit<MessageContext, 'causationId'> & Partial<MessageContext>,
  work: () => R,
): R {
  const around = storage.getStore();
  const inner = { causationId: context.correlationId, work: around?.work, ...context };
  return storage.run({ ...inner, scope: context.scope ?? (around && scopeOf(around)) }, work);
}

export function scopeOf(context: MessageContext): object {
  return context.scope ?? context;
}

/** So many labels tell what a message was about; one that sends commands without end needs no more. */
const mostLabels = 10;

/** Adds to what is being done in this context, for whatever is logged of it later. */
export function noteWork(label: WorkLabel): void {
  const context = storage.getStore() as { work?: readonly WorkLabel[] } | undefined;
  if (!context || (context.work && (context.work.length >= mostLabels || context.work.includes(label))))
    return;
  context.work = [...(context.work ?? []), label];
}

/** What is being done now, in words: `POST /v1/users, command CreateUser`. Empty outside any message. */
export function workInWords(): string {
  const labels = storage.getStore()?.work ?? [];
  return labels.map((label) => (typeof label === 'string' ? label : label())).join(', ');
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
export function currentMetadata(): Pick<MessageContext, 'correlationId' | 'causationId' | 'actor'> {
  const context = storage.getStore();
  if (context) {
    const { correlationId, causationId, actor } = context;
    return { correlationId, causationId, actor };
  }
  const correlationId = newId();
  return { correlationId, causationId: correlationId, actor: 'system' };
}
