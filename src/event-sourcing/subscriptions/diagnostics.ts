import { DiagnosticChannel, DiagnosticWork } from '../diagnostics';
import { RecordedEvent } from '../event-store/event-envelope';

/** The loop that the message is about: the subscription and its segment. */
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
