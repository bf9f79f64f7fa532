/** The decorators whose classes a start looks for. */
export type DecoratorName = 'Aggregate' | 'DomainEvent' | 'DurableEventsHandler' | 'On' | 'Projector';

type AnyClass = abstract new (...args: never[]) => unknown;

/** Stands for this copy of the package: a process that has loaded it twice has two. */
const thisCopy = Symbol('copy of the package');

const decorated = new Map<AnyClass, Set<DecoratorName>>();

/** The same for every copy, so that one copy sees what another has decorated. */
const keyOf = (name: DecoratorName): symbol => Symbol.for(`@annals/nestjs @${name}`);

/** Notes that this copy of the package has decorated the class. */
export function noteDecorated(target: object, name: DecoratorName): void {
  const names = decorated.get(target as AnyClass) ?? new Set<DecoratorName>();
  decorated.set(target as AnyClass, names.add(name));
  Object.defineProperty(target, keyOf(name), { value: thisCopy, configurable: true });
}

/** The classes that this process has loaded with this decorator, by this copy of the package. */
export function classesWith(name: DecoratorName): AnyClass[] {
  return [...decorated].filter(([, names]) => names.has(name)).map(([decoratedClass]) => decoratedClass);
}

/** Whether another copy of the package has decorated the class, or a class that it extends. */
export function isOfAnotherCopy(target: object, name: DecoratorName): boolean {
  const copy = (target as Record<symbol, unknown>)[keyOf(name)];
  return copy !== undefined && copy !== thisCopy;
}

/** What a decorator has kept for the class, or for the nearest class that it extends. */
export function inherited<D>(definitions: WeakMap<object, D>, target: object): D | undefined {
  for (let of: object | null = target; of !== null; of = Object.getPrototypeOf(of) as object | null) {
    const definition = definitions.get(of);
    if (definition !== undefined) return definition;
  }
  return undefined;
}

/** Why this copy of the package knows nothing of what another copy decorated, and the mend. */
export function anotherCopy(className: string, name: DecoratorName): string {
  return (
    `${className} has the @${name} of another copy of this package, which the running one does not know. ` +
    'Install one copy for all modules, and import everything from it: npm ls @annals/nestjs.'
  );
}
