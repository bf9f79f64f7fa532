import { streamKey } from '../../event-store/keys';
import { StreamId } from '../../event-store/event-envelope';
import { likenessOf } from '../parked/failure-category';

/** So many different streams that fail alike, with no success between them, are no fault of their events. */
export const streamsOfOneCause = 3;

/** How long a projector waits as a whole before it sets one more stream aside without proof, in milliseconds. */
const stepMs = 60_000;

/**
 * The streams whose events have failed alike since the last success. From the third on the cause is taken to be a common one (a
 * full disk, a missing table, a server that handlers need), and the subscription waits as a whole until an event succeeds.
 */
export class FailureRun {
  private readonly failed = new Map<string, StreamId>();
  private kindOfAll = '';
  private lastCause: unknown;
  private steppedAt = 0;

  /** Whether the subscription is to wait as a whole. */
  get isCommon(): boolean {
    return this.failed.size >= streamsOfOneCause;
  }

  get streams(): readonly StreamId[] {
    return [...this.failed.values()];
  }

  /** What makes their failures alike. */
  get kind(): string {
    return this.kindOfAll;
  }

  get cause(): unknown {
    return this.lastCause;
  }

  has(stream: StreamId): boolean {
    return this.failed.has(streamKey(stream));
  }

  /** An event of a stream failed for the first time. */
  add(stream: StreamId, cause: unknown): void {
    const kind = likenessOf(cause);
    if (kind !== this.kindOfAll) this.failed.clear();
    this.kindOfAll = kind;
    this.lastCause = cause;
    if (!this.isCommon) this.steppedAt = performance.now();
    this.failed.set(streamKey(stream), stream);
  }

  /** An event was handled: whatever failed before had causes of its own, or its cause is gone. */
  end(): void {
    this.failed.clear();
  }

  /** Whether, after long waiting, one more event may be tried and set aside. */
  takeStep(): boolean {
    if (performance.now() - this.steppedAt < stepMs) return false;
    this.steppedAt = performance.now();
    return true;
  }
}
