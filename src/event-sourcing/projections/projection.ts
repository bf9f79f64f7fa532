import type { EntityManager } from 'typeorm';
import { EventClass, eventMethods } from '../domain';
import { EventRegistry } from '../event-store/event-registry';
import { RecordedEvent } from '../event-store/event-envelope';
import { Subscriber } from '../subscriptions/subscriber';
import { ProjectionContext, ProjectorDefinition } from './projector';

type ProjectorMethod = (event: object, context: ProjectionContext) => unknown;

/** A projector with its definition: the fold of the log into one read model. */
export class Projection implements Subscriber {
  readonly kind = 'projector';
  readonly from = 'beginning';
  readonly eventsPerTransaction = Number.POSITIVE_INFINITY;
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

  get version(): number {
    return this.definition.version;
  }

  wants(type: string): boolean {
    return this.methods.has(this.registry.classOf(type));
  }

  async handle(recorded: RecordedEvent, manager: EntityManager): Promise<void> {
    const method = this.methods.get(this.registry.classOf(recorded.type));
    if (method === undefined) return;
    const handle = (this.projector as Record<string, ProjectorMethod>)[method];
    await handle?.call(this.projector, this.registry.decode(recorded), { manager, recorded });
  }

  /** Applies the events in order, in the transaction of `manager`. An event of an unknown type stops it. */
  async apply(events: readonly RecordedEvent[], manager: EntityManager): Promise<void> {
    for (const recorded of events) await this.handle(recorded, manager);
  }
}
