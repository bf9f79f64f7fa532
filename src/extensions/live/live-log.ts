import { Injectable } from '@nestjs/common';
import {
  AppendSignal,
  EventStore,
  type Position,
  type RecordedEvent,
  SharedLog,
  type StreamId,
} from '../../event-sourcing';
import { PositionOfAnotherEraError } from './errors';

/** How many events are read at a time. */
const partSize = 200;

/** How often at least the log is looked at, in milliseconds, where nothing was heard of an append. */
const pollMs = 1_000;

/** From where the log is followed, and until when. */
export interface LiveOptions {
  /** Only events behind this position. */
  readonly after: Position;
  /** Ends the reading. */
  readonly signal: AbortSignal;
}

/** A place in the log, and what it says to this reader. */
export interface LivePlace<T> {
  /** The position, a decimal number. */
  readonly id: string;
  /** Undefined for an event that is not for this reader. */
  readonly data: T | undefined;
}

/**
 * Follows the log as it grows, for readers that come and go and keep no checkpoint: pages in a browser, long polls. All readers
 * of a process share what is read, so that a thousand of them at the end of the log cost the database one question for each
 * append. A slow reader is behind, and costs no memory meanwhile.
 */
@Injectable()
export class LiveLog {
  constructor(
    private readonly log: SharedLog,
    private readonly store: EventStore,
    private readonly appended: AppendSignal,
  ) {}

  /** Position of the last event. */
  head(): Promise<Position> {
    return this.store.head();
  }

  /**
   * The position behind which a reader goes on; the end of the log for one that comes for the first time.
   * @throws PositionOfAnotherEraError
   */
  async startOf(after: Position | undefined): Promise<Position> {
    const head = await this.store.head();
    if (after !== undefined && after > head) throw new PositionOfAnotherEraError(after, head);
    return after ?? head;
  }

  /** Every place of the log in its order, each once, with what `tell` makes of its event. Waits at the end of the log. */
  async *follow<T>(
    { after, signal }: LiveOptions,
    tell: (event: RecordedEvent) => T | undefined,
  ): AsyncGenerator<LivePlace<T>, void> {
    let position = after;
    while (!signal.aborted) {
      const part = await this.next({ after: position, signal }, partSize);
      for (const event of part) yield { id: String(event.position), data: tell(event) };
      position = part.at(-1)?.position ?? position;
    }
  }

  /** As `follow`, for the events of one stream: what is stored already is read from the stream, however long the log is. */
  async *followStream<T>(
    stream: StreamId,
    { after, signal }: LiveOptions,
    tell: (event: RecordedEvent) => T,
  ): AsyncGenerator<LivePlace<T>, void> {
    const head = await this.store.head();
    for await (const event of this.store.readStream(stream)) {
      if (signal.aborted || event.position > head) break;
      if (event.position > after) yield { id: String(event.position), data: tell(event) };
    }
    const isOfStream = ({ stream: { type, id } }: RecordedEvent) => type === stream.type && id === stream.id;
    yield* this.follow({ after: after > head ? after : head, signal }, (event) =>
      isOfStream(event) ? tell(event) : undefined,
    );
  }

  /** The next events, `limit` at most. Waits for the first one; empty when `signal` fires before. */
  async next({ after, signal }: LiveOptions, limit: number): Promise<readonly RecordedEvent[]> {
    for (;;) {
      const seen = this.appended.count;
      const part = await this.log.readAll({ after, limit });
      if (part.length > 0 || signal.aborted) return part;
      await this.appended.wait(seen, pollMs, signal);
    }
  }
}
