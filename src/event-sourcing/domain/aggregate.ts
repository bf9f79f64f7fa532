import { AggregateRoot } from './aggregate-root';
import { anotherCopy, isOfAnotherCopy, noteDecorated } from './decorated-classes';
import { DefinitionError } from './definition-error';

/** A class that can be loaded from its events: made from the id alone, then replayed. */
export type AggregateClass<T extends AggregateRoot = AggregateRoot> = (new (id: string) => T) & {
  readonly prototype: T;
};

export interface AggregateOptions {
  /**
   * Whether a process may keep the loaded aggregate for its next decision. Default true. Say false where the state is much
   * larger than the events that made it, or is changed outside the `@On` methods.
   */
  readonly cache?: boolean;
}

interface AggregateDefinition {
  readonly type: string;
  readonly cache: boolean;
}

const definitions = new WeakMap<object, AggregateDefinition>();

/** Names the type of the aggregate's streams. Like an event type, the name outlives the class. */
export function Aggregate(type: string, { cache = true }: AggregateOptions = {}) {
  return (aggregateClass: AggregateClass): void => {
    noteDecorated(aggregateClass, 'Aggregate');
    definitions.set(aggregateClass, { type, cache });
  };
}

/** @throws DefinitionError when the class lacks its `@Aggregate` decorator. */
export function aggregateType(aggregateClass: AggregateClass): string {
  const definition = definitions.get(aggregateClass);
  if (definition === undefined) {
    if (isOfAnotherCopy(aggregateClass, 'Aggregate')) {
      throw new DefinitionError(anotherCopy(aggregateClass.name, 'Aggregate'));
    }
    throw new DefinitionError(
      `${aggregateClass.name} has no stream type. Decorate it: @Aggregate('${aggregateClass.name}').`,
    );
  }
  return definition.type;
}

/** For the repository. @internal */
export function mayBeCached(aggregateClass: AggregateClass): boolean {
  return definitions.get(aggregateClass)?.cache ?? true;
}
