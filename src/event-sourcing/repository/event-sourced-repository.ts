import { setTimeout as delay } from 'node:timers/promises';
import { AggregateClass, AggregateRoot, AtOnce, mayBeCached, NotAtOnceError } from '../domain';
import { updateRetry } from './diagnostics';
import { WrongExpectedVersionError } from '../event-store/errors';
import { EventRegistry } from '../event-store/event-registry';
import { AppendResult, EventStore } from '../event-store/event-store';
import { AggregateCache } from './aggregate-cache';
import { AggregateStreams, Loaded } from './aggregate-streams';
import { DerivedId, derivedIdsOfNextCommand } from './derived-ids';
import { AggregateAlreadyExistsError, AggregateNotFoundError, VersionPreconditionError } from './errors';
import { sizeOf } from './size-of';
import { Turns } from './turns';

export interface UpdateOptions {
  /** Decide only upon one of these versions. Default: upon whichever is stored. */
  readonly ifVersion?: readonly number[];
}

/** What `update` was asked for. */
interface Decision<T> {
  readonly decide: (aggregate: T) => unknown;
  readonly ifVersion: readonly number[] | undefined;
  readonly derivedId: DerivedId | undefined;
}

/** How often `update` decides again after a lost race before it gives up. */
const maxAttempts = 12;

/**
 * Loads aggregates from their events, and stores what they raise.
 *
 * Updates of one aggregate take turns inside the process, so that races remain only between processes; the expected
 * version of the append, and the id of the event there, are the judges of those. An aggregate that was updated may be kept for
 * the next update. What is decided upon a kept one is confirmed by the store before it is answered: events by their append,
 * "nothing to do" by a look at its last event and behind it; a refusal is decided again upon the stored events.
 */
export class EventSourcedRepository<T extends AggregateRoot> {
  private readonly streams: AggregateStreams<T>;
  private readonly turns = new Turns();
  private readonly cache: AggregateCache | undefined;

  /** @param cache Shared by all repositories of the process; without it every update loads. */
  constructor(
    aggregateClass: AggregateClass<T>,
    store: EventStore,
    registry: EventRegistry,
    cache?: AggregateCache,
  ) {
    this.cache = mayBeCached(aggregateClass) ? cache : undefined;
    this.streams = new AggregateStreams(aggregateClass, store, registry, this.cache !== undefined);
  }

  /** The aggregate as its events make it, always read from the store; undefined when there are none. */
  async find(id: string): Promise<T | undefined> {
    return (await this.streams.load(id))?.aggregate;
  }

  /** @throws AggregateNotFoundError */
  async get(id: string): Promise<T> {
    const aggregate = await this.find(id);
    if (!aggregate) throw new AggregateNotFoundError(this.streams.type, id);
    return aggregate;
  }

  /**
   * Stores what the aggregate raised since it was made or loaded; a new one must not exist yet. Until it resolves, the aggregate
   * refuses to raise more.
   * @throws AggregateAlreadyExistsError for a new one; WrongExpectedVersionError for a loaded one that lost a race.
   * @throws the claim's own refusal (`whenTaken`), or ClaimTakenError.
   */
  async save(aggregate: T): Promise<AppendResult> {
    const stream = this.streams.of(aggregate.id);
    const derivedId = derivedIdsOfNextCommand(stream);
    try {
      const result = await AggregateRoot.whileSaving(aggregate, () =>
        this.streams.append(aggregate, derivedId),
      );
      this.cache?.take(stream);
      return result;
    } catch (error) {
      if (error instanceof WrongExpectedVersionError && aggregate.version === 0) {
        throw new AggregateAlreadyExistsError(this.streams.type, aggregate.id);
      }
      throw error;
    }
  }

  /**
   * Loads, decides, stores; after a lost race loads and decides again, so `decide` may run more than once and must do
   * nothing but call the aggregate, at once: when it returns, the aggregate is sealed. When nothing is raised, the answer is
   * where the aggregate stands, and only the receipt of the request, if it has one, is stored.
   * @throws AggregateNotFoundError, VersionPreconditionError, and whatever `decide` throws.
   * @throws NotAtOnceError when `decide` gives a promise, which the compiler refuses, too. Nothing is stored then.
   * @throws WrongExpectedVersionError when the race was lost many times over.
   */
  update<R>(
    id: string,
    decide: (aggregate: T) => R & AtOnce<R>,
    options: UpdateOptions = {},
  ): Promise<AppendResult> {
    const derivedId = derivedIdsOfNextCommand(this.streams.of(id));
    const decision = { decide, ifVersion: options.ifVersion, derivedId };
    return this.turns.take(
      id,
      async () => (await this.updateCached(id, decision)) ?? this.updateStored(id, decision),
    );
  }

  /** Undefined where no answer can be given without loading. */
  private async updateCached(id: string, decision: Decision<T>): Promise<AppendResult | undefined> {
    const cached = this.cache?.take(this.streams.of(id)) as Loaded<T> | undefined;
    if (!cached || !(await this.decideUponCached(cached, decision))) return undefined;
    try {
      return await this.appendAndKeep(cached, decision);
    } catch (error) {
      if (!(error instanceof WrongExpectedVersionError)) throw error;
      updateRetry.publish({ aggregateType: this.streams.type, attempt: 1 });
      return undefined;
    }
  }

  /** Whether the decision may be answered: a refusal, or "nothing to do", may rest on what is not so any more. */
  private async decideUponCached({ aggregate }: Loaded<T>, decision: Decision<T>): Promise<boolean> {
    try {
      this.decide(aggregate, decision);
    } catch (error) {
      // To decide again would end in the same mistake.
      if (error instanceof NotAtOnceError) throw error;
      return false;
    }
    return AggregateRoot.pendingChanges(aggregate).events.length > 0 || this.streams.isCurrent(aggregate);
  }

  private async updateStored(id: string, decision: Decision<T>): Promise<AppendResult> {
    for (let attempt = 1; ; attempt++) {
      const loaded = await this.streams.load(id);
      if (!loaded) throw new AggregateNotFoundError(this.streams.type, id);
      this.decide(loaded.aggregate, decision);
      try {
        return await this.appendAndKeep(loaded, decision);
      } catch (error) {
        if (!(error instanceof WrongExpectedVersionError) || attempt === maxAttempts) throw error;
        updateRetry.publish({ aggregateType: this.streams.type, attempt });
        await delay(Math.random() * 2 ** attempt);
      }
    }
  }

  private decide(aggregate: T, { decide, ifVersion }: Decision<T>): void {
    if (ifVersion && !ifVersion.includes(aggregate.version)) {
      throw new VersionPreconditionError(this.streams.type, aggregate.id, aggregate.version);
    }
    AggregateRoot.decide(aggregate, decide);
  }

  /** Appends what was decided, and keeps the aggregate, which is now where its stream is. */
  private async appendAndKeep(
    { aggregate, size }: Loaded<T>,
    { derivedId }: Decision<T>,
  ): Promise<AppendResult> {
    const { events } = AggregateRoot.pendingChanges(aggregate);
    const result = await this.streams.append(aggregate, derivedId);
    // The answer to a repeated command of a durable handler is an old one, and the stream may be further.
    if (!derivedId) {
      const entry = { aggregate, size: events.reduce((sum, event) => sum + sizeOf(event), size) };
      this.cache?.keep(this.streams.of(aggregate.id), entry);
    }
    return result;
  }
}
