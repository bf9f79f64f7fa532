import { EventClass } from './event-class';

type EventMethod<E extends object> = (event: E, ...context: never[]) => unknown;

const ownMethods = new WeakMap<object, Map<EventClass, string>>();
const allMethods = new WeakMap<object, ReadonlyMap<EventClass, string>>();

/**
 * Marks the method that takes an event, in an aggregate (it changes the state and nothing else) or in a projector (it
 * writes rows). The compiler refuses a method that takes another event, unless that event's members are among those of this one.
 */
export function On<E extends object>(eventClass: EventClass<E>) {
  return <M extends EventMethod<E>>(
    prototype: object,
    method: string,
    _descriptor: TypedPropertyDescriptor<M>,
  ): void => {
    const methods = ownMethods.get(prototype) ?? new Map<EventClass, string>();
    const taken = methods.get(eventClass);
    if (taken) {
      throw new Error(
        `${prototype.constructor.name} has two @On(${eventClass.name}) methods, ${taken} and ${method}. Keep one of them.`,
      );
    }
    methods.set(eventClass, method);
    ownMethods.set(prototype, methods);
  };
}

/** The methods of a class that take events, inherited ones included, by event class. */
export function eventMethods(target: { readonly prototype: object }): ReadonlyMap<EventClass, string> {
  const known = allMethods.get(target.prototype);
  if (known) return known;
  const chain: object[] = [];
  for (let p: object | null = target.prototype; p; p = Object.getPrototypeOf(p) as object | null)
    chain.unshift(p);
  const methods = new Map(chain.flatMap((prototype) => [...(ownMethods.get(prototype) ?? [])]));
  allMethods.set(target.prototype, methods);
  return methods;
}
