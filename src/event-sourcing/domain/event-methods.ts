import { noteDecorated } from './decorated-classes';
import { DefinitionError } from './definition-error';
import { EventClass } from './event-class';

const ownMethods = new WeakMap<object, Map<EventClass, string>>();
const allMethods = new WeakMap<object, ReadonlyMap<EventClass, string>>();

/** Notes the method of a prototype that takes an event. @throws DefinitionError when there is one already. */
export function addEventMethod(prototype: object, eventClass: EventClass, method: string): void {
  const methods = ownMethods.get(prototype) ?? new Map<EventClass, string>();
  const taken = methods.get(eventClass);
  if (taken) {
    throw new DefinitionError(
      `${prototype.constructor.name} has two @On(${eventClass.name}) methods, ${taken} and ${method}. Keep one of them.`,
    );
  }
  methods.set(eventClass, method);
  noteDecorated(prototype.constructor, 'On');
  ownMethods.set(prototype, methods);
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
