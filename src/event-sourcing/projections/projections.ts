import { EventClass, eventMethods } from '../domain';
import { EventRegistrationError, EventRegistry } from '../event-store/event-registry';
import { Projection } from './projection';
import { projectorDefinition } from './projector';

/** The projections of the application, by the names of their projectors. */
export class Projections {
  private readonly byName = new Map<string, Projection>();

  constructor(private readonly registry: EventRegistry) {}

  /** @throws EventRegistrationError for an undecorated projector, one without events, or a name used twice. */
  register(projector: object): void {
    const projectorClass = projector.constructor as EventClass;
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
    const events = [...eventMethods(projectorClass).keys()];
    if (events.length === 0) {
      throw new EventRegistrationError(
        `${projectorClass.name} has no @On method, so it would project nothing.`,
      );
    }
    events.forEach((event) => this.registry.register(event));
    this.byName.set(definition.name, new Projection(definition, projector, this.registry));
  }

  all(): readonly Projection[] {
    return [...this.byName.values()];
  }

  /** @throws Error naming the projections that there are. */
  get(name: string): Projection {
    const projection = this.byName.get(name);
    if (projection) return projection;
    throw new Error(
      `There is no projector "${name}". There are: ${[...this.byName.keys()].join(', ') || 'none'}.`,
    );
  }
}

function checkSegments(projector: string, segments: number): void {
  if (Number.isInteger(segments) && segments >= 1 && segments <= 64) return;
  throw new EventRegistrationError(`${projector} has ${segments} segments. Use a whole number from 1 to 64.`);
}
