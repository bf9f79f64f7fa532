import type { DataSource, EntityManager } from 'typeorm';
import { Position, RecordedEvent } from '../../event-store/event-envelope';
import { EventStore } from '../../event-store/event-store';
import { CommonCause } from './common-cause';
import { EventHandling, storeFailure } from './event-handling';
import { EventRetries } from './event-retries';
import { EventTransactions } from './event-transactions';
import { EventsInTime } from './events-in-time';
import { FailureRun } from './failure-run';
import { TooManyParkedError } from '../failures';
import { Lease, Leases } from '../checkpoints/leases';
import { ParkedEvents } from '../parked/parked-events';
import { PartSize } from './part-size';
import { labelOf, Subscriber } from '../subscriber';
import { SubscriptionSettings } from '../subscription-settings';

export interface EventRunnerParts {
  readonly store: EventStore;
  readonly dataSource: DataSource;
  readonly leases: Leases;
  readonly settings: SubscriptionSettings;
}

/** What a process knows of a subscription from one lease to the next. */
export class RunnerMemory {
  readonly partSize = new PartSize();
  readonly failureRun = new FailureRun();
}

/** Events that follow each other in the log, to be handled in one transaction, and those of them that are for the subscriber. */
interface Part {
  readonly events: readonly RecordedEvent[];
  readonly wanted: readonly RecordedEvent[];
}

/**
 * Handles events under one lease. A transaction that fails is halved until the event that is to blame stands alone; its
 * stream is set aside, and all others go on.
 */
export class EventRunner {
  private readonly parked: ParkedEvents;
  private readonly handling: EventHandling;
  private readonly transactions: EventTransactions;
  private readonly commonCause: CommonCause;
  private readonly retries: EventRetries;
  private page: readonly RecordedEvent[] = [];

  constructor(
    private readonly subscriber: Subscriber,
    private readonly lease: Lease,
    private readonly parts: EventRunnerParts,
    private readonly memory = new RunnerMemory(),
    givenUp?: AbortSignal,
  ) {
    const { dataSource, settings } = parts;
    this.parked = new ParkedEvents(dataSource, subscriber.name, subscriber.segment.index);
    this.handling = new EventHandling(subscriber, settings);
    this.transactions = new EventTransactions(dataSource, givenUp);
    const { parked, handling, transactions } = this;
    this.commonCause = new CommonCause({
      subscriber,
      parked,
      handling,
      transactions,
      run: memory.failureRun,
    });
    const { commonCause } = this;
    this.retries = new EventRetries({
      subscriber,
      lease,
      parts,
      parked,
      handling,
      transactions,
      commonCause,
    });
  }

  /** Finds out what was set aside before. */
  async prepare(): Promise<void> {
    await this.parked.load();
  }

  /**
   * Handles the events that follow `from`, and resolves with the checkpoint behind them: behind the last transaction
   * that it began, once `stop` fires.
   * @throws FailingAlikeError while they fail for a common cause.
   */
  async run(events: readonly RecordedEvent[], from: Position, stop: AbortSignal): Promise<Position> {
    this.page = events;
    if (this.commonCause.isSuspected) await this.commonCause.probe(this.next(from));
    const position = await this.runAll(events, from, stop);
    this.commonCause.check();
    return position;
  }

  /** Tries again what is set aside and due. */
  async retryDue(): Promise<void> {
    await this.retries.run();
  }

  private async runAll(
    events: readonly RecordedEvent[],
    from: Position,
    stop: AbortSignal,
  ): Promise<Position> {
    const first = events[0]?.position ?? 0n;
    let position = from;
    for (let next = 0; next < events.length && !stop.aborted; next = Number(position - first) + 1) {
      position = await this.runPart(this.nextPart(events, next), position, stop);
    }
    return position;
  }

  /** The events from `start` on that may share a transaction. @throws UnknownEventTypeError when the first is unknown. */
  private nextPart(events: readonly RecordedEvent[], start: number): Part {
    const { isSuspected } = this.commonCause;
    const most = isSuspected ? 1 : Math.min(this.subscriber.eventsPerTransaction, this.memory.partSize.most);
    const wanted: RecordedEvent[] = [];
    let end = start;
    for (const event of after(events, start)) {
      const wants = this.wants(event, end === start);
      if (wants === undefined || (wants && wanted.length >= most)) break;
      if (wants) wanted.push(event);
      end++;
    }
    return { events: events.slice(start, end), wanted };
  }

  /** Undefined for an event that this program does not know: what comes before it is handled first. */
  private wants(event: RecordedEvent, isFirst: boolean): boolean | undefined {
    try {
      return this.subscriber.wants(event);
    } catch (error) {
      if (isFirst) throw error;
      return undefined;
    }
  }

  /** The events of the page behind a position that are next to be handled. */
  private next(position: Position): RecordedEvent[] {
    return this.toHandle(
      this.page.filter((event) => event.position > position && this.wants(event, false) === true),
    );
  }

  private toHandle(wanted: readonly RecordedEvent[]): RecordedEvent[] {
    return wanted.filter((event) => !this.parked.has(event.stream));
  }

  private async runPart(part: Part, from: Position, stop: AbortSignal): Promise<Position> {
    const handled = this.toHandle(part.wanted);
    const of = {
      name: this.nameBehind(from),
      isAlone: handled.length <= 1,
    };
    const outcome = await this.transactions
      .run(of, (manager) => this.handleAll(part, from, manager))
      .catch((error: unknown) => {
        this.memory.partSize.lost(handled.length);
        throw error;
      });
    if ('fault' in outcome) {
      if (outcome.isOfMoment) this.memory.partSize.lost(handled.length);
      return this.isolate(part, from, stop, outcome.fault);
    }
    this.memory.partSize.succeeded();
    if (handled.length > 0) await this.commonCause.exclude();
    return outcome.result;
  }

  /** Handles what there is time for, and moves the checkpoint behind it. */
  private async handleAll(
    { events, wanted }: Part,
    from: Position,
    manager: EntityManager,
  ): Promise<Position> {
    const inTime = new EventsInTime(this.toHandle(wanted));
    if (!inTime.isEmpty) await this.handling.handle(inTime, manager);
    const { end } = inTime;
    const done = end === undefined ? events : events.filter(({ position }) => position < end);
    await this.parts.leases.moveCheckpoint(manager, this.lease, from, done);
    const waiting = wanted.filter(
      (event) => this.parked.has(event.stream) && (end === undefined || event.position < end),
    );
    if (waiting.length > 0) await this.parked.queue(manager, waiting);
    return done.at(-1)?.position ?? from;
  }

  /** Finds the event that is to blame. Where only one was handled, it is that one, and it is not run again. */
  private async isolate(part: Part, from: Position, stop: AbortSignal, fault: unknown): Promise<Position> {
    const handled = this.toHandle(part.wanted);
    const [suspect] = handled;
    if (!suspect) throw fault;
    if (handled.length > 1) return this.runHalves(part, from, stop, handled[handled.length >> 1] ?? suspect);
    const before = {
      events: part.events.filter(({ position }) => position < suspect.position),
      wanted: part.wanted.filter(({ position }) => position < suspect.position),
    };
    const position = before.events.length > 0 ? await this.runPart(before, from, stop) : from;
    await this.setAside(suspect, position, fault);
    return suspect.position;
  }

  private async runHalves(
    { events }: Part,
    from: Position,
    stop: AbortSignal,
    middle: RecordedEvent,
  ): Promise<Position> {
    const index = events.indexOf(middle);
    const position = await this.runAll(events.slice(0, index), from, stop);
    return position + 1n === middle.position ? this.runAll(events.slice(index), position, stop) : position;
  }

  private async setAside(event: RecordedEvent, from: Position, cause: unknown): Promise<void> {
    await this.checkRoom();
    this.commonCause.suspect(event.stream, cause);
    const isSpared = this.commonCause.spares(event.stream, cause);
    const failed = this.handling.failure({ event, attempts: 1, cause, isSpared });
    await storeFailure(failed, (failure) =>
      this.transactions.store(this.nameBehind(from), async (manager) => {
        await this.parts.leases.moveCheckpoint(manager, this.lease, from, [event]);
        await this.parked.add(manager, event, failure);
      }),
    );
    this.parked.setAside(event.stream);
    this.handling.publishFailure(1, failed);
    await this.commonCause.confirm(this.next(event.position));
  }

  private nameBehind(position: Position): string {
    return `"${labelOf(this.subscriber)}" behind position ${position}`;
  }

  private async checkRoom(): Promise<void> {
    const count = await this.parked.count();
    if (count >= this.parts.settings.maxParked) throw new TooManyParkedError(this.subscriber.name, count);
  }
}

function* after<T>(list: readonly T[], start: number): Generator<T> {
  for (let index = start; index < list.length; index++) yield list[index] as T;
}
