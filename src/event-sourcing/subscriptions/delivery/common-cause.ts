import { isOf } from '../../describe-thrown';
import { EventSourcingError } from '../../domain';
import { streamKey } from '../../event-store/keys';
import { RecordedEvent, StreamId } from '../../event-store/event-envelope';
import { EventHandling } from './event-handling';
import { EventTransactions } from './event-transactions';
import { categoryOf } from '../parked/failure-category';
import { FailureRun } from './failure-run';
import { FailingAlikeError } from '../failures';
import { ParkedEvents } from '../parked/parked-events';
import { labelOf, Subscriber } from '../subscriber';

/** Events, each of another stream, that must fail before a common cause is assumed. */
const trials = 20;

/** How long trials may take together, in milliseconds. */
const trialsMs = 5_000;

/** Ends a trial that has succeeded: nothing of it is kept. */
class TrialSucceededError extends EventSourcingError {
  readonly code = 'trial.succeeded';
  readonly kind = 'defect';
}

/**
 * Tells failures of single events from those that have a common cause, such as a full disk, a missing table, or a server that
 * all handlers need. While one is suspected the subscription waits as a whole, and nothing is parked.
 *
 * Of a projector, which changes nothing outside its transaction, some of the next streams are tried and rolled back: when one
 * succeeds, the failures have causes of their own. A durable handler sets one more stream aside with each try.
 */
export class CommonCause {
  constructor(
    private readonly subscriber: Subscriber,
    private readonly parked: ParkedEvents,
    private readonly handling: EventHandling,
    private readonly transactions: EventTransactions,
    private readonly run: FailureRun,
  ) {}

  get isSuspected(): boolean {
    return this.run.isCommon;
  }

  /** An event of the stream has failed for the first time. */
  suspect(stream: StreamId, cause: unknown): void {
    this.run.add(stream, cause);
  }

  /** Whether a failing event of the stream is not parked, because its cause may be that of others, or the server's. */
  spares(stream: StreamId, cause: unknown): boolean {
    return this.isSuspected || (categoryOf(cause) === 'server' && this.run.has(stream));
  }

  /** @param next Events to be handled next. @throws FailingAlikeError when there is a common cause. */
  async confirm(next: readonly RecordedEvent[]): Promise<void> {
    if (!this.isSuspected) return;
    if (!(await this.oneSucceeds(next))) throw this.error();
    this.run.end();
  }

  /** Finds out whether the cause is gone. Returns also when it is time to try one more. @throws FailingAlikeError */
  async probe(next: readonly RecordedEvent[]): Promise<void> {
    if (next.length === 0 || !this.canTry) return;
    if (await this.oneSucceeds(next)) await this.exclude();
    else if (!this.run.takeStep()) throw this.error();
  }

  /** An event was handled. What was set aside for a common cause is tried again at once. */
  async exclude(): Promise<void> {
    if (this.run.isCommon) await this.parked.bringBack(this.run.streams);
    this.run.end();
  }

  /** @throws FailingAlikeError while streams are set aside for a common cause. */
  check(): void {
    if (!this.isSuspected) return;
    if (!this.parked.isEmpty) throw this.error();
    this.run.end();
  }

  private get canTry(): boolean {
    return this.subscriber.kind === 'projector';
  }

  private error(): FailingAlikeError {
    return new FailingAlikeError(this.subscriber.name, this.run.kind, this.run.cause);
  }

  private async oneSucceeds(next: readonly RecordedEvent[]): Promise<boolean> {
    if (!this.canTry) return false;
    const end = performance.now() + trialsMs;
    for (const event of someFirst(next)) {
      if (await this.succeeds(event)) return true;
      if (performance.now() > end) return false;
    }
    return false;
  }

  private async succeeds(event: RecordedEvent): Promise<boolean> {
    const name = `"${labelOf(this.subscriber)}" at position ${event.position}`;
    const outcome = await this.transactions.run({ name, isAlone: false }, async (manager) => {
      await this.handling.handle([event], manager);
      throw new TrialSucceededError('The trial has succeeded; nothing of it is kept.');
    });
    return 'fault' in outcome && isOf(outcome.fault, TrialSucceededError);
  }
}

/** The first event of each stream, whose earlier events are done; of many streams, some by chance. */
function someFirst(events: readonly RecordedEvent[]): RecordedEvent[] {
  const firsts = new Map<string, RecordedEvent>();
  for (const event of events) {
    const key = streamKey(event.stream);
    if (!firsts.has(key)) firsts.set(key, event);
  }
  const all = [...firsts.values()];
  const step = Math.max(1, all.length / trials);
  const offset = Math.random() * step;
  return all.filter((_event, index) => (index + offset) % step < 1).slice(0, trials);
}
