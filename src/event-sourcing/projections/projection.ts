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

  get version(): number {
    return this.definition.version;
  }

  /** How many segments its streams are divided into. */
  get segments(): number {
    return this.definition.segments ?? 1;
  }

  /** Whether events of this type change its rows. @throws UnknownEventTypeError */
  wants(type: string): boolean {
    return this.methods.has(this.registry.classOf(type));
  }

  /** Applies one event in the transaction of `manager`; none that is not for it. @throws UnknownEventTypeError */
  async handle(recorded: RecordedEvent, manager: EntityManager): Promise<void> {
    const method = this.methods.get(this.registry.classOf(recorded.type));
    if (method === undefined) return;
    const handle = (this.projector as Record<string, ProjectorMethod>)[method];
    await handle?.call(this.projector, this.registry.decode(recorded), { manager, recorded });
  }
}
