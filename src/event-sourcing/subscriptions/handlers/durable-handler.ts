import type { EntityManager } from 'typeorm';
import { EventClass } from '../../domain';
import { EventRegistry } from '../../event-store/event-registry';
import { RecordedEvent } from '../../event-store/event-envelope';
import { runInMessageContext } from '../../messaging/message-context';
import { CollectedRows } from '../../rows/collected-rows';
import { DurableHandlerDefinition, HandlerContext, IDurableEventsHandler } from './durable-events-handler';
import { RowsInHand } from '../delivery/rows-in-hand';
import { undivided } from '../checkpoints/segment-of';
import { Subscriber, WithinTime } from '../subscriber';

/** A durable handler with its definition. */
export class DurableHandler implements Subscriber {
  readonly kind = 'handler';
  readonly version = 1;
  readonly segment = undivided;
  private readonly events: ReadonlySet<EventClass>;

  constructor(
    private readonly definition: DurableHandlerDefinition,
    private readonly handler: IDurableEventsHandler,
    private readonly registry: EventRegistry,
  ) {
    this.events = new Set(definition.events);
  }

  get name(): string {
    return this.definition.name;
  }

  /** The classes of events that it takes. */
  get handles(): readonly EventClass[] {
    return this.definition.events;
  }

  get from(): 'beginning' | 'now' {
    return this.definition.from ?? 'beginning';
  }

  get eventsPerTransaction(): number {
    return this.definition.eventsPerTransaction ?? 1;
  }

  get isFlushed(): boolean {
    return this.definition.flush ?? true;
  }

  wants({ type }: RecordedEvent): boolean {
    const eventClass = this.registry.classOf(type);
    return eventClass !== undefined && this.events.has(eventClass);
  }

  async handle(events: Iterable<RecordedEvent>, manager: EntityManager, within: WithinTime): Promise<void> {
    const collected = new RowsInHand(new CollectedRows(manager));
    for (const recorded of events) {
      collected.nextEvent();
      await within(recorded, () => this.handleOne({ recorded, manager, rows: collected.of }));
    }
    await collected.write();
  }

  private async handleOne(context: HandlerContext): Promise<void> {
    const { recorded } = context;
    const { correlationId, actor } = recorded.metadata;
    const cause = {
      correlationId,
      actor,
      causationId: recorded.id,
      derivedFrom: `${this.name}/${recorded.id}`,
    };
    await runInMessageContext(cause, async () => {
      const event = this.registry.decode(recorded);
      if (event !== undefined) await this.handler.handle(event, context);
    });
  }
}
