import type { EntityManager } from 'typeorm';
import { Position, RecordedEvent } from '../../event-store/event-envelope';
import { Lease, Leases } from '../checkpoints/leases';
import { ParkedEvents } from '../parked/parked-events';
import { labelOf, Subscriber } from '../subscriber';
import { CommonCause } from './common-cause';
import { EventFailures } from './event-failures';
import { EventHandling } from './event-handling';
import { EventRetries } from './event-retries';
import { EventTransactions } from './event-transactions';
import { EventsInTime } from './events-in-time';
import { PageParts, Part } from './page-parts';
import { PartSize } from './part-size';

/**
 * Handles events under one lease. A transaction that fails is halved until the event that is to blame stands alone; its
 * stream is set aside, and all others go on.
 */
export class EventRunner {
  private page: readonly RecordedEvent[] = [];

  constructor(
    private readonly subscriber: Subscriber,
    private readonly lease: Lease,
    private readonly leases: Leases,
    private readonly parts: PageParts,
    private readonly partSize: PartSize,
    private readonly handling: EventHandling,
    private readonly transactions: EventTransactions,
    private readonly parked: ParkedEvents,
    private readonly failures: EventFailures,
    private readonly commonCause: CommonCause,
    private readonly retries: EventRetries,
  ) {}

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
    if (this.commonCause.isSuspected) await this.commonCause.probe(this.parts.toHandleBehind(events, from));
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
      position = await this.runPart(this.parts.part(events, next, this.partLimit), position, stop);
    }
    return position;
  }

  private get partLimit(): number {
    return this.commonCause.isSuspected
      ? 1
      : Math.min(this.subscriber.eventsPerTransaction, this.partSize.limit);
  }

  private async runPart(part: Part, from: Position, stop: AbortSignal): Promise<Position> {
    if (part.wanted.length === 0) return this.pass(part, from);
    const handled = this.parts.toHandle(part.wanted);
    const of = {
      name: `"${labelOf(this.subscriber)}" behind position ${from}`,
      isAlone: handled.length <= 1,
    };
    const outcome = await this.transactions
      .run(of, (manager) => this.handleAll(part, from, manager))
      .catch((error: unknown) => {
        this.partSize.lost(handled.length);
        throw error;
      });
    if ('fault' in outcome) {
      if (outcome.isOfMoment) this.partSize.lost(handled.length);
      return this.isolate(part, from, stop, outcome.fault);
    }
    this.partSize.succeeded();
    if (handled.length > 0) await this.commonCause.exclude();
    return outcome.result;
  }

  /** Nothing of it is for the subscriber: the statement that moves the checkpoint is all there is to do. */
  private async pass({ events }: Part, from: Position): Promise<Position> {
    await this.transactions.statement((manager) =>
      this.leases.moveCheckpoint(manager, this.lease, from, events),
    );
    return events.at(-1)?.position ?? from;
  }

  /** Handles what there is time for, and moves the checkpoint behind it. */
  private async handleAll(
    { events, wanted }: Part,
    from: Position,
    manager: EntityManager,
  ): Promise<Position> {
    const inTime = new EventsInTime(this.parts.toHandle(wanted));
    if (!inTime.isEmpty) await this.handling.handle(inTime, manager);
    const { end } = inTime;
    const done = end === undefined ? events : events.filter(({ position }) => position < end);
    await this.leases.moveCheckpoint(manager, this.lease, from, done);
    const waiting = wanted.filter(
      (event) => this.parked.has(event.stream) && (end === undefined || event.position < end),
    );
    if (waiting.length > 0) await this.parked.queue(manager, waiting);
    return done.at(-1)?.position ?? from;
  }

  /** Finds the event that is to blame. Where only one was handled, it is that one, and it is not run again. */
  private async isolate(part: Part, from: Position, stop: AbortSignal, fault: unknown): Promise<Position> {
    const handled = this.parts.toHandle(part.wanted);
    const [suspect] = handled;
    if (!suspect) throw fault;
    if (handled.length > 1) return this.runHalves(part, from, stop, handled[handled.length >> 1] ?? suspect);
    const before = {
      events: part.events.filter(({ position }) => position < suspect.position),
      wanted: part.wanted.filter(({ position }) => position < suspect.position),
    };
    const position = before.events.length > 0 ? await this.runPart(before, from, stop) : from;
    await this.failures.setAside(suspect, position, fault);
    await this.commonCause.confirm(this.parts.toHandleBehind(this.page, suspect.position));
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
}
