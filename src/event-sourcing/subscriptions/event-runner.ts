import { Logger } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { eventFailure, eventRetry, handlingEvent } from '../diagnostics';
import { Position, RecordedEvent } from '../event-store/event-envelope';
import { EventStore } from '../event-store/event-store';
import { isNotTheEvents, retryDelay, TooManyParkedError, withTimeout } from './failures';
import { Lease, Leases } from './leases';
import { DueEvent, Failure, ParkedEvents } from './parked-events';
import { Subscriber } from './subscriber';
import { SubscriptionSettings } from './subscription-settings';

export interface EventRunnerParts {
  readonly store: EventStore;
  readonly dataSource: DataSource;
  readonly leases: Leases;
  readonly settings: SubscriptionSettings;
}

const allowIdle = "SELECT set_config('idle_in_transaction_session_timeout', $1, true)";

const dueAtOnce = 20;

/** How long the events that are due may be tried again between two pages, in milliseconds. */
const retryPassMs = 1_000;

/** An operator has discarded the event while it was tried again: nothing of that may be kept. */
class DecidedMeanwhileError extends Error {}

/**
 * Handles events under one lease. A transaction that fails is halved until the event that is to blame stands alone; its
 * stream is set aside, and all others go on.
 */
export class EventRunner {
  private readonly logger = new Logger(EventRunner.name);
  private readonly parked: ParkedEvents;

  constructor(
    private readonly subscriber: Subscriber,
    private readonly lease: Lease,
    private readonly parts: EventRunnerParts,
  ) {
    this.parked = new ParkedEvents(parts.dataSource, subscriber.name);
  }

  /** Finds out what was set aside before. */
  async prepare(): Promise<void> {
    await this.parked.load();
  }

  /** Handles the events that follow `from`, and resolves with the checkpoint behind them. */
  async run(events: readonly RecordedEvent[], from: Position): Promise<Position> {
    let position = from;
    for (const part of this.split(events)) position = await this.runPart(part, position);
    return position;
  }

  /** Tries again what is due, each stream in its order; for a second at most, because the others must not wait for long. */
  async retryDue(): Promise<void> {
    const end = Date.now() + retryPassMs;
    for (let due = await this.due(); due.length > 0 && Date.now() < end; due = await this.due()) {
      for (const event of due) if (Date.now() < end) await this.retry(event);
    }
  }

  private async due(): Promise<readonly DueEvent[]> {
    return this.parked.isEmpty ? [] : this.parked.due(dueAtOnce);
  }

  /** Splits a page, so that no transaction handles more events than the subscriber allows. */
  private *split(events: readonly RecordedEvent[]): Generator<readonly RecordedEvent[]> {
    let start = 0;
    let wanted = 0;
    for (let index = 0; index < events.length; index++) {
      const event = events[index];
      if (!event || !this.subscriber.wants(event.type)) continue;
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
    const handled = events.filter(
      (event) => this.subscriber.wants(event.type) && !this.parked.has(event.stream),
    );
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
    const wanted = events.filter((event) => this.subscriber.wants(event.type));
    for (const event of wanted) if (!this.parked.has(event.stream)) await this.handle(event, manager);
    const { leases } = this.parts;
    await leases.moveCheckpoint(manager, this.lease, from, events.at(-1)?.position ?? from);
    await this.parked.queue(
      manager,
      wanted.filter((event) => this.parked.has(event.stream)),
    );
  }

  private async handle(event: RecordedEvent, manager: EntityManager): Promise<void> {
    const { handlerTimeoutMs } = this.parts.settings;
    // A handler may wait for others outside the database, and its transaction is idle meanwhile.
    if (this.subscriber.kind === 'handler') await manager.query(allowIdle, [`${handlerTimeoutMs + 5_000}ms`]);
    const { name, kind } = this.subscriber;
    const handled = handlingEvent.run({ subscription: name, kind, event }, () =>
      this.subscriber.handle(event, manager),
    );
    await withTimeout(handled, name, handlerTimeoutMs);
  }

  private async setAside(event: RecordedEvent, from: Position, error: unknown): Promise<void> {
    const count = await this.parked.count();
    if (count >= this.parts.settings.maxParked) throw new TooManyParkedError(this.subscriber.name, count);
    const failure = this.failure(event, 1, error);
    await this.parts.dataSource.transaction(async (manager) => {
      await this.parts.leases.moveCheckpoint(manager, this.lease, from, event.position);
      await this.parked.add(manager, event, failure);
    });
    this.publishFailure(1, failure);
  }

  private async retry(due: DueEvent): Promise<void> {
    const [event] = await this.parts.store.readAll({ after: due.position - 1n, limit: 1 });
    if (!event)
      throw new Error(
        `The log has no event at ${due.position}, which "${this.subscriber.name}" has set aside.`,
      );
    eventRetry.publish({ subscription: this.subscriber.name, attempt: due.attempts + 1 });
    try {
      const outcome = await this.parts.dataSource.transaction(async (manager) => {
        await this.handle(event, manager);
        await this.parts.leases.hold(manager, this.lease);
        const removed = await this.parked.remove(manager, due);
        if (!removed) throw new DecidedMeanwhileError();
        return removed;
      });
      if (outcome === 'freed') this.parked.free(due.stream);
      if (outcome === 'freed')
        this.logger.log(`"${this.subscriber.name}" goes on with a stream that was set aside.`);
    } catch (error) {
      if (error instanceof DecidedMeanwhileError) return;
      if (isNotTheEvents(error)) throw error;
      await this.failAgain(due, event, error);
    }
  }

  private async failAgain(due: DueEvent, event: RecordedEvent, error: unknown): Promise<void> {
    const failure = this.failure(event, due.attempts + 1, error);
    await this.parts.dataSource.transaction(async (manager) => {
      await this.parts.leases.hold(manager, this.lease);
      await this.parked.fail(manager, due.position, failure);
    });
    this.publishFailure(due.attempts + 1, failure);
  }

  private publishFailure(attempt: number, { retryInMs }: Failure): void {
    eventFailure.publish({ subscription: this.subscriber.name, attempt, isParked: retryInMs === undefined });
  }

  private failure(event: RecordedEvent, attempts: number, cause: unknown): Failure {
    const { message: error, stack } = cause instanceof Error ? cause : new Error(String(cause));
    const retryInMs = retryDelay(attempts, this.parts.settings);
    const next = retryInMs === undefined ? 'parked' : `next try in ${Math.round(retryInMs)} ms`;
    this.logger.error(
      `"${this.subscriber.name}" failed at position ${event.position} (try ${attempts}, ${next}): ${error}`,
      stack,
    );
    return { error, stack, retryInMs };
  }
}
