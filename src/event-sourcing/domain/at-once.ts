import { EventSourcingError } from './event-sourcing-error';

/** What has not happened yet, or not all of it, when a function returns it. */
type Later = PromiseLike<unknown> | Generator | AsyncGenerator;

/** No value has this type. Its name is what the compiler says of a function that gives a promise. */
interface MustBeDoneWhenItReturns {
  readonly 'await what it needs before the decision, and decide at once': never;
}

type IsAny<R> = 0 extends 1 & R ? true : false;

/** To be joined to a return type: anything goes, unless some of `R` comes later. */
export type AtOnce<R> =
  IsAny<R> extends true ? unknown : [Extract<R, Later>] extends [never] ? unknown : MustBeDoneWhenItReturns;

/** A mistake in the code: a decision, or an `@On` method of an aggregate, is not done when it returns. */
export class NotAtOnceError extends EventSourcingError {
  readonly code = 'aggregate.not-at-once';
  readonly kind = 'defect';

  constructor(what: string, mend: string) {
    super(`${what} is not done when it returns: it gives a promise or a generator. ${mend}`);
  }
}

/**
 * Whether the value, or one in a list of them, is still to come. The rejections of its promises are taken: whoever refuses it
 * tells the caller, so they must not count as unhandled.
 */
export function comesLater(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  if (Array.isArray(value)) return value.filter(comesLater).length > 0;
  const tag = Object.prototype.toString.call(value);
  if (tag === '[object Promise]') (value as Promise<unknown>).then(undefined, () => undefined);
  return tag.endsWith('Generator]') || typeof (value as { readonly then?: unknown }).then === 'function';
}
