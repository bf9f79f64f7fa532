import { Injectable } from '@nestjs/common';
import { AggregateClass, AggregateRoot } from '../domain';
import { RecordedEvent, StreamId } from '../event-store/event-envelope';
import { EventRegistry } from '../event-store/event-registry';
import { EventStore } from '../event-store/event-store';
import { Aggregates } from '../repository/aggregates';
import { RaisedInConstructorError } from '../repository/errors';
import { UnknownAggregateTypeError, VersionNotReachedError, VersionRangeError } from './errors';
import { ReadableObject, readableState } from './readable';
import { StateChange, stateChanges } from './state-changes';

/** An aggregate as it stood behind one of its events. */
export interface StateAtVersion {
  readonly version: number;
  /** The event that led to it; before the first one there is nothing. */
  readonly event: RecordedEvent;
  /** The members of the aggregate, as plain JSON for people: the classes of values are lost. */
  readonly state: ReadableObject;
  /** What the event changed in the state. */
  readonly changes: readonly StateChange[];
}

export interface StatesOfStream {
  /** In the order of the stream. */
  readonly states: readonly StateAtVersion[];
  /** The version to go on from; undefined where the range, or the stream, ends here. */
  readonly nextFrom: number | undefined;
}

export interface VersionRange {
  /** The first version: 1, 2, 3 … */
  readonly from: number;
  /** The last version. The stream may end before it. */
  readonly to: number;
}

/** How many states one answer has at most. */
const mostStates = 100;

/** After so many characters of JSON an answer ends early, and tells where to go on. */
const mostCharacters = 4_194_304;

/**
 * Tells how an aggregate came to be what it is: its state behind each of its events, as the code of today reads them. Reads the stream
 * from its beginning, in pages, so the time grows with the version that is asked for.
 */
@Injectable()
export class AggregateStates {
  constructor(
    private readonly store: EventStore,
    private readonly registry: EventRegistry,
    private readonly aggregates: Aggregates,
  ) {}

  /**
   * At most 100 states, and fewer where they are large.
   * @throws UnknownAggregateTypeError; VersionNotReachedError when the stream ends before `from`, or there is none.
   * @throws VersionRangeError for versions that are no range.
   */
  async between(stream: StreamId, { from, to }: VersionRange): Promise<StatesOfStream> {
    if (!(from >= 1 && to >= from)) throw new VersionRangeError(from, to);
    const found: StateAtVersion[] = [];
    let size = 0;
    for await (const { event, state, before } of this.replayed(stream, { from, to })) {
      const { version } = event;
      if (found.length === mostStates || size > mostCharacters) return { states: found, nextFrom: version };
      found.push({ version, event, state, changes: stateChanges(before, state) });
      size += JSON.stringify(state).length;
    }
    return { states: found, nextFrom: undefined };
  }

  /** The state behind the event of this version. @throws as `between`. */
  async at(stream: StreamId, version: number): Promise<StateAtVersion> {
    const { states } = await this.between(stream, { from: version, to: version });
    return states[0]!;
  }

  /** The events of the range, with the state behind each and the state before it. */
  private async *replayed(stream: StreamId, { from, to }: VersionRange): AsyncGenerator<Replayed> {
    const aggregate = this.made(this.classOf(stream.type), stream);
    let before: ReadableObject = {};
    let last = 0;
    for await (const event of this.store.readStream(stream, { limit: to })) {
      const { version, position, id: lastEventId } = event;
      AggregateRoot.replay(aggregate, this.registry.decode(event), { version, position, lastEventId });
      last = version;
      if (last < from - 1) continue;
      const state = readableState(aggregate);
      if (last >= from) yield { event, state, before };
      before = state;
    }
    if (last < from) throw new VersionNotReachedError(stream, from, last);
  }

  private made(aggregateClass: AggregateClass, { type, id }: StreamId): AggregateRoot {
    const aggregate = new aggregateClass(id);
    if (AggregateRoot.isClean(aggregate)) return aggregate;
    throw new RaisedInConstructorError(type);
  }

  private classOf(type: string): AggregateClass {
    const aggregateClass = this.aggregates.classOf(type);
    if (aggregateClass) return aggregateClass;
    throw new UnknownAggregateTypeError(type, this.aggregates.types());
  }
}

interface Replayed {
  readonly event: RecordedEvent;
  readonly state: ReadableObject;
  readonly before: ReadableObject;
}
