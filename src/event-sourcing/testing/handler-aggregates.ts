import type { Provider, Type } from '@nestjs/common';
import { AggregateClass } from '../domain';
import { classesWith } from '../domain/decorated-classes';
import { EventRegistrationError } from '../event-store/registry-errors';
import { aggregateRepositoryToken } from '../repository/inject-aggregate';

/** Where Nest keeps the tokens that a constructor names with `@Inject`. */
const INJECTED = 'self:paramtypes';

/**
 * The aggregates whose repositories the classes inject: those that the spec names, and else the one of that stream type that the
 * process has loaded.
 * @throws EventRegistrationError where several classes have the type.
 */
export function injectedAggregates(
  classes: readonly Type[],
  named: readonly AggregateClass[],
): readonly AggregateClass[] {
  const known = new Map(named.map((aggregate) => [aggregateRepositoryToken(aggregate), aggregate]));
  for (const token of new Set(classes.flatMap(injectedTokens))) {
    if (known.has(token)) continue;
    const found = (classesWith('Aggregate') as AggregateClass[]).filter(
      (of) => aggregateRepositoryToken(of) === token,
    );
    if (found.length > 1) {
      throw new EventRegistrationError(
        `${found.length} classes have the stream type of ${token}. Name the one that is meant: handlerSpec(…, { aggregates: [${found[0]?.name}] }).`,
      );
    }
    if (found[0]) known.set(token, found[0]);
  }
  return [...known.values()];
}

export function classesOf(providers: readonly Provider[]): Type[] {
  return providers.flatMap((provider) => {
    if (typeof provider === 'function') return [provider];
    return 'useClass' in provider ? [provider.useClass] : [];
  });
}

function injectedTokens(of: Type): string[] {
  const injected = (Reflect.getMetadata(INJECTED, of) ?? []) as readonly { readonly param: unknown }[];
  return injected.map(({ param }) => param).filter((param) => typeof param === 'string');
}
