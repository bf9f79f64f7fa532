import { Logger } from '@nestjs/common';
import { eventRetry } from '../diagnostics';
import { RecordedEvent } from '../event-store/event-envelope';
import { EventHandling } from './event-handling';
import type { EventRunnerParts } from './event-runner';
import { isNotTheEvents } from './failures';
import { Lease } from './leases';
import { DueEvent, ParkedEvents } from './parked-events';
import { originOf, Subscriber } from './subscriber';

export interface EventRetriesOf {
  readonly subscriber: Subscriber;
  readonly lease: Lease;
  readonly parts: EventRunnerParts;
  readonly parked: ParkedEvents;
  readonly handling: EventHandling;
}

const dueAtOnce = 20;

/** How long the events that are due may be tried again between two pages, in milliseconds. */
const retryPassMs = 250;

/** Events that waited behind one which is handled now: so many of them may share a transaction. */
const waitingAtOnce = 100;

/** An operator has discarded the event while it was tried again: nothing of that may be kept. */
class DecidedMeanwhileError extends Error {}

/** Tries again what is set aside, each stream in its order. */
export class EventRetries {
  private readonly logger = new Logger(EventRetries.name);

  constructor(private readonly of: EventRetriesOf) {}

  /** Tries what is due; for a quarter of a second at most, because the streams that are not set aside must not wait for long. */
  async run(): Promise<void> {
    const end = Date.now() + retryPassMs;
    for (let due = await this.due(); due.length > 0 && Date.now() < end; due = await this.due()) {
      for (const event of due) if (Date.now() < end) await this.retry(event);
    }
  }

  private async due(): Promise<readonly DueEvent[]> {
    return this.of.parked.isEmpty ? [] : this.of.parked.due(dueAtOnce);
  }

  private async retry(due: DueEvent): Promise<void> {
    const { parked, subscriber } = this.of;
    // One that never failed has waited, and those behind it will probably not fail either.
    const most = due.attempts === 0 ? Math.min(subscriber.eventsPerTransaction, waitingAtOnce) : 1;
    const events = await this.read(due, await parked.next(due, most));
    if (events.length > 1 && (await this.handled(due, events))) return;
    const [first] = events;
    if (first) await this.retryOne(due, first);
  }

  /** Whether all of them succeeded together. Where they did not, they are tried one by one. */
  private async handled(due: DueEvent, events: readonly RecordedEvent[]): Promise<boolean> {
    try {
      await this.handle(due, events);
      return true;
    } catch (error) {
      if (isNotTheEvents(error)) throw error;
      return error instanceof DecidedMeanwhileError;
    }
  }

  private async retryOne(due: DueEvent, event: RecordedEvent): Promise<void> {
    try {
      await this.handle(due, [event]);
    } catch (error) {
      if (error instanceof DecidedMeanwhileError) return;
      if (isNotTheEvents(error)) throw error;
      await this.failAgain(due, event, error);
    }
  }

  private async handle(due: DueEvent, events: readonly RecordedEvent[]): Promise<void> {
    const { parts, handling, parked, lease, subscriber } = this.of;
    events.forEach(() => eventRetry.publish({ ...originOf(subscriber), attempt: due.attempts + 1 }));
    const outcome = await parts.dataSource.transaction(async (manager) => {
      await handling.handle(events, manager);
      await parts.leases.hold(manager, lease);
      const positions = events.map((event) => event.position);
      const removed = await parked.remove(manager, due.stream, positions);
      if (!removed) throw new DecidedMeanwhileError();
      return removed;
    });
    if (outcome !== 'freed') return;
    parked.free(due.stream);
    this.logger.log(`"${subscriber.name}" goes on with a stream that was set aside.`);
  }

  private async failAgain(due: DueEvent, event: RecordedEvent, error: unknown): Promise<void> {
    const { parts, handling, parked, lease } = this.of;
    const failure = handling.failure(event, due.attempts + 1, error);
    await parts.dataSource.transaction(async (manager) => {
      await parts.leases.hold(manager, lease);
      await parked.fail(manager, due.position, failure);
    });
    handling.publishFailure(due.attempts + 1, failure);
  }

  /** The events at these positions, which are all of the stream that is due. */
  private async read(due: DueEvent, positions: readonly bigint[]): Promise<readonly RecordedEvent[]> {
    const { store } = this.of.parts;
    const [first] = await store.readAll({ after: due.position - 1n, limit: 1 });
    if (first?.position !== due.position) {
      throw new Error(
        `The log has no event at ${due.position}, which "${this.of.subscriber.name}" has set aside.`,
      );
    }
    if (positions.length === 1) return [first];
    const wanted = new Set(positions);
    const last = positions.at(-1) ?? due.position;
    const events: RecordedEvent[] = [];
    for await (const event of store.readStream(due.stream, { after: first.version - 1 })) {
      if (event.position > last) break;
      if (wanted.has(event.position)) events.push(event);
    }
    return events;
  }
}
