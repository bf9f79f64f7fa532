import { AggregateRoot } from './aggregate-root';
import { AtOnce } from './at-once';
import { EventClass } from './event-class';
import { addEventMethod } from './event-methods';

type EventMethod<E extends object> = (event: E, ...context: never[]) => unknown;

/** A projector's method may be awaited; an aggregate's has changed the state when it returns. */
type InTime<Owner, M extends (...given: never[]) => unknown> = Owner extends AggregateRoot
  ? AtOnce<ReturnType<M>>
  : unknown;

/**
 * Marks the method that takes an event, in an aggregate (it changes the state at once, and nothing else) or in a projector (it
 * writes rows). The compiler refuses a method that takes another event, unless that event's members are among those of this
 * one; and, in an aggregate, one that gives a promise.
 */
export function On<E extends object>(eventClass: EventClass<E>) {
  return <Owner extends object, M extends EventMethod<E>>(
    prototype: Owner,
    method: string,
    _descriptor: TypedPropertyDescriptor<M> & InTime<Owner, M>,
  ): void => addEventMethod(prototype, eventClass, method);
}
