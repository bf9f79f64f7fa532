import { Logger } from '@nestjs/common';
import { eventRetry } from '../diagnostics';
import { EventSourcingError } from '../../domain';
import { RecordedEvent } from '../../event-store/event-envelope';
import { isOf } from '../../describe-thrown';
import { EventGoneError } from '../../log/contiguous';
import { EventStore } from '../../event-store/event-store';
import { CommonCause } from './common-cause';
import { EventFailures } from './event-failures';
import { EventHandling } from './event-handling';
import { EventTransactions, Outcome } from './event-transactions';
import { Lease, Leases } from '../checkpoints/leases';
import { DueEvent, ParkedEvents } from '../parked/parked-events';
import { labelOf, originOf, Subscriber } from '../subscriber';

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

  constructor(
    private readonly subscriber: Subscriber,
    private readonly lease: Lease,
    private readonly leases: Leases,
    private readonly store: EventStore,
    private readonly handling: EventHandling,
    private readonly transactions: EventTransactions,
    private readonly parked: ParkedEvents,
    private readonly failures: EventFailures,
    private readonly commonCause: CommonCause,
  ) {}

  /** Tries what is due; for a quarter of a second at most, because the streams that are not set aside must not wait for long. */
  async run(): Promise<void> {
    const end = Date.now() + retryPassMs;
    for (let due = await this.due(); due.length > 0 && Date.now() < end; due = await this.due()) {
      for (const event of due) if (Date.now() < end) await this.retry(event);
    }
  }

  private async due(): Promise<readonly DueEvent[]> {
    return this.parked.isEmpty ? [] : this.parked.due(dueAtOnce);
  }

  private async retry(due: DueEvent): Promise<void> {
    const events = await this.read(due, await this.parked.next(due, this.limitOf(due)));
    const [first] = events;
    if (!first) return;
    const together = await this.handle(due, events);
    if (!isEventsFault(together)) return;
    const alone = events.length === 1 ? together : await this.handle(due, [first]);
    if (isEventsFault(alone)) await this.failures.failAgain(first, due.attempts + 1, alone.fault);
  }

  /** An event without attempts was only queued behind a failed one: it is tried together with those behind it. */
  private limitOf({ attempts }: DueEvent): number {
    return attempts === 0 ? Math.min(this.subscriber.eventsPerTransaction, waitingAtOnce) : 1;
  }

  private async handle(due: DueEvent, events: readonly RecordedEvent[]): Promise<Outcome<'freed' | 'next'>> {
    const { subscriber, parked } = this;
    events.forEach(() => eventRetry.publish({ ...originOf(subscriber), attempt: due.attempts + 1 }));
    const of = { name: nameOf(subscriber, due), isAlone: events.length === 1 };
    const outcome = await this.transactions.run(of, async (manager) => {
      await this.handling.handle(events, manager);
      await this.leases.hold(manager, this.lease);
      const positions = events.map((event) => event.position);
      const removed = await parked.remove(manager, due.stream, positions);
      if (!removed) throw new DecidedMeanwhileError('An operator has decided about the event meanwhile.');
      return removed;
    });
    if ('result' in outcome) await this.goOn(due, outcome.result);
    return outcome;
  }

  private async goOn({ stream }: DueEvent, next: 'freed' | 'next'): Promise<void> {
    if (next === 'freed') {
      this.parked.free(stream);
      this.logger.log(`"${this.subscriber.name}" goes on with a stream that was set aside.`);
    }
    await this.commonCause.exclude();
  }

  /** The events at these positions, which are all of the stream that is due. */
  private async read(due: DueEvent, positions: readonly bigint[]): Promise<readonly RecordedEvent[]> {
    const [first] = await this.store.readAll({ after: due.position - 1n, limit: 1 });
    if (first?.position !== due.position) {
      throw new EventGoneError(due.position);
    }
    if (positions.length === 1) return [first];
    const wanted = new Set(positions);
    const last = positions.at(-1) ?? due.position;
    const events: RecordedEvent[] = [];
    for await (const event of this.store.readStream(due.stream, { after: first.version - 1 })) {
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
