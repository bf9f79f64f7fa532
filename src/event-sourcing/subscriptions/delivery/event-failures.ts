import { Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { describeThrown, memberOfThrown } from '../../describe-thrown';
import { Position, RecordedEvent } from '../../event-store/event-envelope';
import { Lease, Leases } from '../checkpoints/leases';
import { eventFailure } from '../diagnostics';
import { retryDelay, TooManyParkedError } from '../failures';
import { categoryOf } from '../parked/failure-category';
import { Failure, ParkedEvents } from '../parked/parked-events';
import { labelOf, originOf, Subscriber } from '../subscriber';
import { SubscriptionSettings } from '../subscription-settings';
import { CommonCause } from './common-cause';
import { EventTransactions } from './event-transactions';

/** Stored where the database refuses the text of a failure. */
const unstorable =
  'The text of this failure cannot be stored in this database. The log of the process has it.';

/** Records how events fail under one lease: in the database, in the log of the process, and for diagnostics. */
export class EventFailures {
  private readonly logger = new Logger(EventFailures.name);

  constructor(
    private readonly subscriber: Subscriber,
    private readonly lease: Lease,
    private readonly leases: Leases,
    private readonly parked: ParkedEvents,
    private readonly commonCause: CommonCause,
    private readonly transactions: EventTransactions,
    private readonly settings: SubscriptionSettings,
  ) {}

  /**
   * Sets the stream of an event aside that failed for the first time, and moves the checkpoint from `from` past the event.
   * @throws TooManyParkedError
   */
  async setAside(event: RecordedEvent, from: Position, cause: unknown): Promise<void> {
    await this.checkRoom();
    this.commonCause.suspect(event.stream, cause);
    await this.record(event, 1, cause, async (manager, failure) => {
      await this.leases.moveCheckpoint(manager, this.lease, from, [event]);
      await this.parked.add(manager, event, failure);
    });
    this.parked.setAside(event.stream);
  }

  /** Notes that an event which is set aside has failed again. `attempts`: how often it has failed, this time included. */
  async failAgain(event: RecordedEvent, attempts: number, cause: unknown): Promise<void> {
    await this.record(event, attempts, cause, async (manager, failure) => {
      await this.leases.hold(manager, this.lease);
      await this.parked.fail(manager, event.position, failure);
    });
  }

  private async record(
    event: RecordedEvent,
    attempts: number,
    cause: unknown,
    write: (manager: EntityManager, failure: Failure) => Promise<void>,
  ): Promise<void> {
    const failure = this.failureOf(event, attempts, cause);
    await this.store(`"${labelOf(this.subscriber)}" at position ${event.position}`, failure, write);
    const isParked = failure.retryInMs === undefined;
    eventFailure.publish({ ...originOf(this.subscriber), attempt: attempts, isParked });
  }

  /** Decides when the event is tried again, and logs the failure. */
  private failureOf({ stream, position }: RecordedEvent, attempts: number, cause: unknown): Failure {
    const { message: error, stack } = describeThrown(cause);
    const spared = this.commonCause.spares(stream, cause) ? this.settings.maxRetryDelayMs : undefined;
    const retryInMs = retryDelay(attempts, this.settings) ?? spared;
    const next = retryInMs === undefined ? 'parked' : `next try in ${Math.round(retryInMs)} ms`;
    this.logger.error(
      `"${this.subscriber.name}" failed at position ${position} (try ${attempts}, ${next}): ${error}`,
      stack,
    );
    return { error, stack, category: categoryOf(cause), retryInMs };
  }

  /** Where the database refuses the text (class 22 of the SQLSTATEs), a fixed one is stored in its place. */
  private async store(
    name: string,
    failure: Failure,
    write: (manager: EntityManager, failure: Failure) => Promise<void>,
  ): Promise<void> {
    try {
      await this.transactions.store(name, (manager) => write(manager, failure));
    } catch (error) {
      if (!String(memberOfThrown(error, 'code')).startsWith('22')) throw error;
      const described = { ...failure, error: unstorable, stack: undefined };
      await this.transactions.store(name, (manager) => write(manager, described));
    }
  }

  private async checkRoom(): Promise<void> {
    const count = await this.parked.count();
    if (count >= this.settings.maxParked) throw new TooManyParkedError(this.subscriber.name, count);
  }
}
