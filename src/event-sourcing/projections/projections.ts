import { Injectable } from '@nestjs/common';
import { EventClass, eventMethods, EventSourcingError } from '../domain';
import { anotherCopy, isOfAnotherCopy } from '../domain/decorated-classes';
import { EventRegistrationError, EventRegistry } from '../event-store/event-registry';
import { Projection } from './projection';
import { projectorDefinition } from './projector';

/** The projections of the application, by the names of their projectors. */
@Injectable()
export class Projections {
  private readonly byName = new Map<string, Projection>();

  constructor(private readonly registry: EventRegistry) {}

  /**
   * `projectorClass` has the decorator and the `@On` methods; `projector` may be an instance of another class that has them, too.
   * @throws EventRegistrationError for an undecorated projector, one without events, or a name used twice.
   */
  register(projector: object, projectorClass = projector.constructor as EventClass): void {
    const definition = projectorDefinition(projectorClass);
    if (!definition) {
      throw new EventRegistrationError(
        `${projectorClass.name} is no projector. Decorate it: @Projector('name', { version: 1, entities: [] }).`,
      );
    }
    if (!Number.isInteger(definition.version) || definition.version < 1) {
      throw new EventRegistrationError(
        `${projectorClass.name} has version ${definition.version}. Use 1, 2, 3 …`,
      );
    }
    checkSegments(projectorClass.name, definition.segments ?? 1);
    const known = this.byName.get(definition.name);
    if (known) {
      throw new EventRegistrationError(
        `Two projectors are named "${definition.name}", and would move one checkpoint. Rename ${projectorClass.name}.`,
      );
    }
    const methods = eventMethods(projectorClass);
    checkMethods(projectorClass, methods, projector);
    for (const event of methods.keys()) this.registry.register(event);
    this.byName.set(definition.name, new Projection(definition, projector, this.registry, projectorClass));
  }

  all(): readonly Projection[] {
    return [...this.byName.values()];
  }

  /** @throws UnknownProjectionError naming the projections that there are. */
  get(name: string): Projection {
    const projection = this.byName.get(name);
    if (projection) return projection;
    throw new UnknownProjectionError(name, [...this.byName.keys()]);
  }
}

function checkMethods(
  projectorClass: EventClass,
  methods: ReadonlyMap<EventClass, string>,
  projector: object,
): void {
  if (isOfAnotherCopy(projectorClass, 'On')) {
    throw new EventRegistrationError(anotherCopy(projectorClass.name, 'On'));
  }
  if (methods.size === 0) {
    throw new EventRegistrationError(
      `${projectorClass.name} has no @On method, so it would project nothing. Add one for each event that changes its rows.`,
    );
  }
  for (const method of methods.values()) checkMethod(projectorClass, projector, method);
}

/** Where another object stands for the projector, as in a test. */
function checkMethod(projectorClass: EventClass, projector: object, method: string): void {
  if (typeof (projector as Record<string, unknown>)[method] === 'function') return;
  throw new EventRegistrationError(
    `What is provided as ${projectorClass.name} has no method ${method}. Provide an object with all @On methods of ${projectorClass.name}.`,
  );
}

function checkSegments(projector: string, segments: number): void {
  if (Number.isInteger(segments) && segments >= 1 && segments <= 64) return;
  throw new EventRegistrationError(`${projector} has ${segments} segments. Use a whole number from 1 to 64.`);
}

/** There is no projector of this name. */
export class UnknownProjectionError extends EventSourcingError {
  readonly code = 'projection.not-found';
  readonly kind = 'not-found';

  constructor(name: string, known: readonly string[]) {
    super(`There is no projector "${name}". There are: ${known.join(', ') || 'none'}.`);
  }
}
