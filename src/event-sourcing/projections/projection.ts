import type { EntityManager } from 'typeorm';
import { EventClass, eventMethods } from '../domain';
import { EventRegistry } from '../event-store/event-registry';
import { RecordedEvent } from '../event-store/event-envelope';
import { WithinTime, Work } from '../subscriptions/subscriber';
import { CollectedRows } from '../rows/collected-rows';
import { RowsInHand } from '../subscriptions/delivery/rows-in-hand';
import { ProjectionContext, ProjectorDefinition } from './projector';

type ProjectorMethod = (event: object, context: ProjectionContext) => unknown;

/** A projector with its definition: the fold of the log into one read model. */
export class Projection {
  private readonly methods: ReadonlyMap<EventClass, string>;

  constructor(
    readonly definition: ProjectorDefinition,
    private readonly projector: object,
    private readonly registry: EventRegistry,
    projectorClass: EventClass = projector.constructor as EventClass,
  ) {
    this.methods = eventMethods(projectorClass);
  }

  /** The classes of events that its methods take. */
  get events(): readonly EventClass[] {
    return [...this.methods.keys()];
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
    return this.methodOf(type) !== undefined;
  }

  /**
   * Applies the events in order, in the transaction of `manager`, and writes the rows they collected; none that is not
   * for it. `within` bounds the time of one event. @throws UnknownEventTypeError
   */
  async handle(
    events: Iterable<RecordedEvent>,
    manager: EntityManager,
    within: WithinTime = (_event, work) => work(),
  ): Promise<void> {
    const collected = new RowsInHand(new CollectedRows(manager, this.definition.entities));
    for (const recorded of events) {
      collected.nextEvent();
      const doing = within(recorded, () => this.apply({ recorded, manager, rows: collected.of }));
      if (doing) await doing;
    }
    await collected.write();
  }

  private methodOf(type: string): string | undefined {
    const eventClass = this.registry.classOf(type);
    return eventClass && this.methods.get(eventClass);
  }

  private apply(context: ProjectionContext): Work {
    const { recorded } = context;
    const method = this.methodOf(recorded.type);
    const event = method === undefined ? undefined : this.registry.decode(recorded);
    if (method === undefined || event === undefined) return undefined;
    const handle = (this.projector as Record<string, ProjectorMethod>)[method];
    const result = handle?.call(this.projector, event, context);
    return isPromiseLike(result) ? settled(result) : undefined;
  }
}

function isPromiseLike(result: unknown): result is PromiseLike<unknown> {
  return typeof (result as Partial<PromiseLike<unknown>> | undefined)?.then === 'function';
}

async function settled(result: PromiseLike<unknown>): Promise<void> {
  await result;
}
