import { AggregateRoot } from './aggregate-root';

/** A class that can be loaded from its events: made from the id alone, then replayed. */
export type AggregateClass<T extends AggregateRoot = AggregateRoot> = (new (id: string) => T) & {
  readonly prototype: T;
};

const types = new WeakMap<object, string>();

/** Names the type of the aggregate's streams. Like an event type, the name outlives the class. */
export function Aggregate(type: string) {
  return (aggregateClass: AggregateClass): void => {
    types.set(aggregateClass, type);
  };
}

/** @throws Error when the class lacks its `@Aggregate` decorator. */
export function aggregateType(aggregateClass: AggregateClass): string {
  const type = types.get(aggregateClass);
  if (type === undefined) {
    throw new Error(
      `${aggregateClass.name} has no stream type. Decorate it: @Aggregate('${aggregateClass.name}').`,
    );
  }
  return type;
}
