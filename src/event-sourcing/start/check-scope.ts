import { Scope } from '@nestjs/common';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { EventRegistrationError } from '../event-store/event-registry';

/**
 * Events come from the log, in no request: a provider that Nest makes for each request is never made for them.
 * @throws EventRegistrationError naming the way to what is made for each request.
 */
export function checkScope(wrapper: InstanceWrapper, className: string): void {
  if (wrapper.isTransient) {
    throw new EventRegistrationError(
      `${className} is transient, so Nest makes no instance of it for the events of the log. Remove its scope.`,
    );
  }
  if (wrapper.isDependencyTreeStatic()) return;
  const [, ...way] = wayToRequest(wrapper) ?? [];
  if (way.length === 0) {
    throw new EventRegistrationError(
      `${className} is request-scoped, and the events of the log come in no request. Remove its scope.`,
    );
  }
  throw new EventRegistrationError(
    `${className} depends on something that Nest makes for each request (${[className, ...way].join(' → ')}), and the events ` +
      `of the log come in no request. Inject nothing request-scoped into it: what an event needs, its handler gets with it.`,
  );
}

/** The names from a provider to the nearest one that is request-scoped itself. */
function wayToRequest(wrapper: InstanceWrapper, seen = new Set<InstanceWrapper>()): string[] | undefined {
  if (wrapper.scope === Scope.REQUEST) return [nameOf(wrapper)];
  if (seen.has(wrapper)) return undefined;
  seen.add(wrapper);
  for (const next of dependenciesOf(wrapper)) {
    const way = wayToRequest(next, seen);
    if (way) return [nameOf(wrapper), ...way];
  }
  return undefined;
}

function dependenciesOf(wrapper: InstanceWrapper): InstanceWrapper[] {
  const properties = wrapper.getPropertiesMetadata()?.map((property) => property.wrapper);
  const all = [wrapper.getCtorMetadata(), properties, wrapper.getEnhancersMetadata()].flat();
  return all.filter((dependency) => dependency !== undefined);
}

function nameOf({ token, name }: InstanceWrapper): string {
  if (typeof token === 'function') return token.name;
  return typeof token === 'symbol' ? (token.description ?? 'a symbol') : String(name ?? token);
}
