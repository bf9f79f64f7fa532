import { Logger } from '@nestjs/common';
import { eventRetry } from '../diagnostics';
import { EventSourcingError } from '../../domain';
import { RecordedEvent } from '../../event-store/event-envelope';
import { isOf } from '../../describe-thrown';
import { EventGoneError } from '../../log/contiguous';
import { CommonCause } from './common-cause';
import { EventHandling, storeFailure } from './event-handling';
import type { EventRunnerParts } from './event-runner';
import { EventTransactions, Outcome } from './event-transactions';
import { Lease } from '../checkpoints/leases';
import { DueEvent, ParkedEvents } from '../parked/parked-events';
import { labelOf, originOf, Subscriber } from '../subscriber';

export interface EventRetriesOf {
  readonly subscriber: Subscriber;
  readonly lease: Lease;
  readonly parts: EventRunnerParts;
  readonly parked: ParkedEvents;
  readonly handling: EventHandling;
  readonly transactions: EventTransactions;
  readonly commonCause: CommonCause;
}

const dueAtOnce = 20;

/** How long the events that are due may be tried again between two pages, in milliseconds. */
const retryPassMs = 250;

/** Events that waited behind one which is handled now: so many of them may share a transaction. */
const waitingAtOnce = 100;

/** An operator has discarded the event while it was tried again: nothing of that may be kept. */
class DecidedMeanwhileError extends EventSourcingError {
  readonly code = 'parked-event.decided-meanwhile';
  readonly kind = 'conflict';
}

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
    const { parked, parts } = this.of;
    return parked.isEmpty ? [] : parked.due(dueAtOnce, parts.settings.maxRetryDelayMs);
  }

  private async retry(due: DueEvent): Promise<void> {
    const { parked, subscriber } = this.of;
    // No attempts: it only waited behind a failed event. It is tried together with the events that wait behind it.
    const most = due.attempts === 0 ? Math.min(subscriber.eventsPerTransaction, waitingAtOnce) : 1;
    const events = await this.read(due, await parked.next(due, most));
    const [first] = events;
    if (!first) return;
    const together = await this.handle(due, events);
    if (!isEventsFault(together)) return;
    const alone = events.length === 1 ? together : await this.handle(due, [first]);
    if (isEventsFault(alone)) await this.failAgain(due, first, alone.fault);
  }

  private async handle(due: DueEvent, events: readonly RecordedEvent[]): Promise<Outcome<'freed' | 'next'>> {
    const { handling, parked, lease, parts, subscriber } = this.of;
    events.forEach(() => eventRetry.publish({ ...originOf(subscriber), attempt: due.attempts + 1 }));
    const of = { name: nameOf(subscriber, due), isAlone: events.length === 1 };
    const outcome = await this.of.transactions.run(of, async (manager) => {
      await handling.handle(events, manager);
      await parts.leases.hold(manager, lease);
      const positions = events.map((event) => event.position);
      const removed = await parked.remove(manager, due.stream, positions);
      if (!removed) throw new DecidedMeanwhileError('An operator has decided about the event meanwhile.');
      return removed;
    });
    if ('result' in outcome) await this.goOn(due, outcome.result);
    return outcome;
  }

  private async goOn({ stream }: DueEvent, next: 'freed' | 'next'): Promise<void> {
    const { parked, subscriber, commonCause } = this.of;
    if (next === 'freed') {
      parked.free(stream);
      this.logger.log(`"${subscriber.name}" goes on with a stream that was set aside.`);
    }
    await commonCause.exclude();
  }

  private async failAgain(due: DueEvent, event: RecordedEvent, cause: unknown): Promise<void> {
    const { parts, handling, parked, lease, transactions, commonCause } = this.of;
    const attempts = due.attempts + 1;
    const isSpared = commonCause.spares(due.stream, cause);
    const failed = handling.failure({ event, attempts, cause, isSpared });
    await storeFailure(failed, (failure) =>
      transactions.store(nameOf(this.of.subscriber, due), async (manager) => {
        await parts.leases.hold(manager, lease);
        await parked.fail(manager, due.position, failure);
      }),
    );
    handling.publishFailure(attempts, failed);
  }

  /** The events at these positions, which are all of the stream that is due. */
  private async read(due: DueEvent, positions: readonly bigint[]): Promise<readonly RecordedEvent[]> {
    const { store } = this.of.parts;
    const [first] = await store.readAll({ after: due.position - 1n, limit: 1 });
    if (first?.position !== due.position) {
      throw new EventGoneError(due.position);
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

function isEventsFault<R>(outcome: Outcome<R>): outcome is Extract<Outcome<R>, { readonly fault: unknown }> {
  return 'fault' in outcome && !isOf(outcome.fault, DecidedMeanwhileError);
}

function nameOf(subscriber: Subscriber, { position }: DueEvent): string {
  return `"${labelOf(subscriber)}" at position ${position}`;
}
