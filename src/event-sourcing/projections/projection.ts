import type { EntityManager } from 'typeorm';
import { EventClass, eventMethods } from '../domain';
import { EventRegistry } from '../event-store/event-registry';
import { RecordedEvent } from '../event-store/event-envelope';
import { ProjectionContext, ProjectorDefinition } from './projector';

type ProjectorMethod = (event: object, context: ProjectionContext) => unknown;

/** A projector with its definition: the fold of the log into one read model. */
export class Projection {
  private readonly methods: ReadonlyMap<EventClass, string>;

  constructor(
    readonly definition: ProjectorDefinition,
    private readonly projector: object,
    private readonly registry: EventRegistry,
  ) {
    this.methods = eventMethods(projector.constructor);
  }

  get name(): string {
    return this.definition.name;
  }

  /** Applies the events in order, in the transaction of `manager`. An event of an unknown type stops it. */
  async apply(events: readonly RecordedEvent[], manager: EntityManager): Promise<void> {
    for (const recorded of events) {
      const method = this.methods.get(this.registry.classOf(recorded.type));
      if (method === undefined) continue;
      const handle = (this.projector as Record<string, ProjectorMethod>)[method];
      await handle?.call(this.projector, this.registry.decode(recorded), { manager, recorded });
    }
  }
}
