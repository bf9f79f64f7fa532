import { channel, tracingChannel, type Channel, type TracingChannel } from 'node:diagnostics_channel';
import { RecordedEvent, StreamId } from './event-store/event-envelope';

/**
 * A place where the kernel tells what it did, for whoever measures. It is a channel of `node:diagnostics_channel`, so that
 * any tool can subscribe by its name; without a subscriber it costs a comparison.
 */
export class DiagnosticChannel<Message extends object> {
  private readonly channel: Channel;

  constructor(readonly name: string) {
    this.channel = channel(name);
  }

  /** Whether a message is worth making. */
  get isObserved(): boolean {
    return this.channel.hasSubscribers;
  }

  publish(message: Message): void {
    if (this.channel.hasSubscribers) this.channel.publish(message);
  }

  /**
   * Calls `observe` within the work that it hears of, so it must be quick, and must not throw: Node takes that for an
   * uncaught exception. The function that it returns ends the subscription.
   */
  subscribe(observe: (message: Message) => void): () => void {
    const onMessage = (message: unknown): void => observe(message as Message);
    this.channel.subscribe(onMessage);
    return () => void this.channel.unsubscribe(onMessage);
  }
}

/** Work that takes time: a tracing channel of `node:diagnostics_channel`, `tracing:<name>:start` and its companions. */
export class DiagnosticWork<Message extends object> {
  readonly channel: TracingChannel<unknown, Message>;

  constructor(readonly name: string) {
    this.channel = tracingChannel<unknown, Message>(name);
  }

  /** Runs the work; whoever bound a store to the channel decides in which context. Without a subscriber it only runs it. */
  run<W extends Promise<unknown> | undefined>(message: Message, work: () => W): W {
    if (!this.channel.hasSubscribers) return work();
    return this.channel.tracePromise(async () => await work(), message) as W;
  }
}

/** One append, from the call to its verdict, the time in the queue included. */
export interface AppendWork {
  readonly stream: StreamId;
  readonly events: number;
  /** What a subscriber puts here when the work starts is stored in the metadata of each event. */
  readonly metadata: Record<string, string>;
}
export const appending = new DiagnosticWork<AppendWork>('annals:append');

/** A batch of appends has come back from the database. A batch that failed is sent again append by append, and so counts again. */
export interface AppendBatch {
  readonly appends: number;
  /** Of all its appends, refused ones included. */
  readonly events: number;
  /** From sending it to its verdicts or its failure; pauses before it was sent again included. */
  readonly milliseconds: number;
  /** `answered`: each append got a verdict, good or bad. `failed`: the statement failed, or the database was away. */
  readonly outcome: 'answered' | 'failed';
}
export const appendBatch = new DiagnosticChannel<AppendBatch>('annals:append:batch');

/** An append was refused, because its stream was not at the version that it expected. */
export interface AppendConflict {
  readonly aggregateType: string;
}
export const appendConflict = new DiagnosticChannel<AppendConflict>('annals:append:conflict');

/** An append was refused, because another stream holds a value that it claims. */
export interface ClaimTaken {
  readonly aggregateType: string;
  readonly scope: string;
}
export const claimTaken = new DiagnosticChannel<ClaimTaken>('annals:append:claim-taken');

/** An update lost a race, and will load and decide again. */
export interface UpdateRetry {
  readonly aggregateType: string;
  /** The attempt that was lost: 1, 2, 3 … */
  readonly attempt: number;
}
export const updateRetry = new DiagnosticChannel<UpdateRetry>('annals:repository:retry');

/** Which loop tells: the subscription, and which part of it. */
interface OfSegment {
  readonly subscription: string;
  /** 0 of a subscription that is not divided. */
  readonly segment: number;
}

/** A page of the log was handled, and the checkpoint is behind it. */
export interface SubscriptionBatch extends OfSegment {
  /** Events of the page, those that are not for the subscriber included; 0 when there was nothing new. */
  readonly events: number;
  /** When the work on the page began, after reading it: `performance.now()`, milliseconds. */
  readonly began: number;
}
export const subscriptionBatch = new DiagnosticChannel<SubscriptionBatch>('annals:subscription:batch');

/** One event in the hands of a projector or a durable handler, in a transaction that may still roll back. */
export interface EventWork {
  readonly subscription: string;
  readonly kind: 'projector' | 'handler';
  readonly event: RecordedEvent;
}
export const handlingEvent = new DiagnosticWork<EventWork>('annals:subscription:event');

/** An event that is set aside is about to be tried again. */
export interface EventRetry extends OfSegment {
  /** The try that begins: 2, 3 … */
  readonly attempt: number;
}
export const eventRetry = new DiagnosticChannel<EventRetry>('annals:subscription:retry');

/** An event failed, and that is stored: the first time its stream is set aside, the last time it is parked. */
export interface EventFailure extends OfSegment {
  readonly attempt: number;
  readonly isParked: boolean;
}
export const eventFailure = new DiagnosticChannel<EventFailure>('annals:subscription:event-failure');

/** A lease has changed hands. Each that was taken is released or lost in the end, unless the database is away then. */
export interface LeaseChange extends OfSegment {
  readonly change: 'taken' | 'released' | 'lost';
  readonly epoch: bigint;
}
export const leaseChange = new DiagnosticChannel<LeaseChange>('annals:subscription:lease');

/** A subscription failed as a whole, and pauses before it starts over. */
export interface SubscriptionFailure extends OfSegment {
  /** A `LogHoleError` when the log had a hole. */
  readonly error: unknown;
  readonly failuresInARow: number;
}
export const subscriptionFailure = new DiagnosticChannel<SubscriptionFailure>('annals:subscription:failure');
