import type { DataSource, EntityManager } from 'typeorm';
import { Position, RecordedEvent } from '../event-store/event-envelope';
import { EventStore } from '../event-store/event-store';
import { EventHandling } from './event-handling';
import { EventRetries } from './event-retries';
import { isNotTheEvents, TooManyParkedError } from './failures';
import { Lease, Leases } from './leases';
import { ParkedEvents } from './parked-events';
import { Subscriber } from './subscriber';
import { SubscriptionSettings } from './subscription-settings';

export interface EventRunnerParts {
  readonly store: EventStore;
  readonly dataSource: DataSource;
  readonly leases: Leases;
  readonly settings: SubscriptionSettings;
}

/**
 * Handles events under one lease. A transaction that fails is halved until the event that is to blame stands alone; its
 * stream is set aside, and all others go on.
 */
export class EventRunner {
  private readonly parked: ParkedEvents;
  private readonly handling: EventHandling;
  private readonly retries: EventRetries;

  constructor(
    private readonly subscriber: Subscriber,
    private readonly lease: Lease,
    private readonly parts: EventRunnerParts,
  ) {
    this.parked = new ParkedEvents(parts.dataSource, subscriber.name, subscriber.segment.index);
    this.handling = new EventHandling(subscriber, parts.settings);
    this.retries = new EventRetries({
      subscriber,
      lease,
      parts,
      parked: this.parked,
      handling: this.handling,
    });
  }

  /** Finds out what was set aside before. */
  async prepare(): Promise<void> {
    await this.parked.load();
  }

  /**
   * Handles the events that follow `from`, and resolves with the checkpoint behind them: behind the last transaction
   * that it began, once `stop` fires.
   */
  async run(events: readonly RecordedEvent[], from: Position, stop: AbortSignal): Promise<Position> {
    let position = from;
    for (const part of this.split(events)) {
      if (stop.aborted) break;
      position = await this.runPart(part, position);
    }
    return position;
  }

  /** Tries again what is set aside and due. */
  async retryDue(): Promise<void> {
    await this.retries.run();
  }

  /** Splits a page, so that no transaction handles more events than the subscriber allows. */
  private *split(events: readonly RecordedEvent[]): Generator<readonly RecordedEvent[]> {
    let start = 0;
    let wanted = 0;
    for (let index = 0; index < events.length; index++) {
      const event = events[index];
      if (!event || !this.subscriber.wants(event)) continue;
      if (wanted === this.subscriber.eventsPerTransaction) {
        yield events.slice(start, index);
        start = index;
        wanted = 0;
      }
      wanted++;
    }
    yield events.slice(start);
  }

  private async runPart(events: readonly RecordedEvent[], from: Position): Promise<Position> {
    const [first] = events;
    const last = events.at(-1);
    if (!first || !last) return from;
    try {
      await this.parts.dataSource.transaction((manager) => this.handleAll(events, from, manager));
    } catch (error) {
      if (isNotTheEvents(error)) throw error;
      await this.isolate(events, from, error);
    }
    return last.position;
  }

  /** Finds the event that is to blame. Where only one was handled, it is that one, and it is not run again. */
  private async isolate(events: readonly RecordedEvent[], from: Position, error: unknown): Promise<void> {
    const handled = events.filter((event) => this.subscriber.wants(event) && !this.parked.has(event.stream));
    const [suspect] = handled;
    if (!suspect) throw error;
    if (handled.length === 1) {
      const index = events.indexOf(suspect);
      const position = await this.runPart(events.slice(0, index), from);
      await this.setAside(suspect, position, error);
      await this.runPart(events.slice(index + 1), suspect.position);
    } else {
      const middle = events.length >> 1;
      await this.runPart(events.slice(middle), await this.runPart(events.slice(0, middle), from));
    }
  }

  private async handleAll(
    events: readonly RecordedEvent[],
    from: Position,
    manager: EntityManager,
  ): Promise<void> {
    const wanted = events.filter((event) => this.subscriber.wants(event));
    const { leases } = this.parts;
    await this.handling.handle(
      wanted.filter((event) => !this.parked.has(event.stream)),
      manager,
    );
    await leases.moveCheckpoint(manager, this.lease, from, events);
    await this.queue(
      wanted.filter((event) => this.parked.has(event.stream)),
      manager,
    );
  }

  /** Events of streams that are set aside wait there. */
  private async queue(events: readonly RecordedEvent[], manager: EntityManager): Promise<void> {
    if (events.length === 0) return;
    await this.checkRoom(events.length);
    await this.parked.queue(manager, events);
  }

  private async checkRoom(more: number): Promise<void> {
    const count = await this.parked.count();
    if (count + more > this.parts.settings.maxParked) {
      throw new TooManyParkedError(this.subscriber.name, count);
    }
  }

  private async setAside(event: RecordedEvent, from: Position, error: unknown): Promise<void> {
    await this.checkRoom(1);
    const failure = this.handling.failure(event, 1, error);
    await this.parts.dataSource.transaction(async (manager) => {
      await this.parts.leases.moveCheckpoint(manager, this.lease, from, [event]);
      await this.parked.add(manager, event, failure);
    });
    this.handling.publishFailure(1, failure);
  }
}
