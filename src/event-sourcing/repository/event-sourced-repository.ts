import { setTimeout as delay } from 'node:timers/promises';
import { AggregateClass, AggregateRoot, aggregateType, Claim, mayBeCached } from '../domain';
import { updateRetry } from '../diagnostics';
import { ClaimTakenError, DuplicateEventIdError, WrongExpectedVersionError } from '../event-store/errors';
import { StreamId } from '../event-store/event-envelope';
import { EventRegistry } from '../event-store/event-registry';
import { AppendResult, EventStore } from '../event-store/event-store';
import { AggregateCache } from './aggregate-cache';
import { DerivedId, derivedIdsOfNextCommand } from './derived-ids';
import {
  AggregateAlreadyExistsError,
  AggregateNotFoundError,
  NothingRaisedError,
  VersionPreconditionError,
} from './errors';
import { markReceiptStored, receiptOfRequest } from './receipt-of-request';
import { sizeOf } from './size-of';
import { Turns } from './turns';

export interface UpdateOptions {
  /** Decide only upon one of these versions. Default: upon whichever is stored. */
  readonly ifVersion?: readonly number[];
}

/** What `update` was asked for. */
interface Decision<T> {
  readonly decide: (aggregate: T) => void;
  readonly ifVersion: readonly number[] | undefined;
  readonly derivedId: DerivedId | undefined;
}

interface Loaded<T> {
  readonly aggregate: T;
  /** About the characters of its events as JSON. */
  readonly size: number;
}

/** How often `update` decides again after a lost race before it gives up. */
const maxAttempts = 12;

/**
 * Loads aggregates from their events, and stores what they raise.
 *
 * Updates of one aggregate take turns inside the process, so that races remain only between processes; the expected
 * version of the append is the judge of those. An aggregate that was updated may be kept for the next update. What is decided
 * upon a kept one is confirmed by the store before it is answered: events by their append, "nothing to do" by a look behind
 * its last event; a refusal is decided again upon the stored events.
 */
export class EventSourcedRepository<T extends AggregateRoot> {
  private readonly type: string;
  private readonly turns = new Turns();
  private readonly cache: AggregateCache | undefined;

  /** @param cache Shared by all repositories of the process; without it every update loads. */
  constructor(
    private readonly aggregateClass: AggregateClass<T>,
    private readonly store: EventStore,
    private readonly registry: EventRegistry,
    cache?: AggregateCache,
  ) {
    this.type = aggregateType(aggregateClass);
    this.cache = mayBeCached(aggregateClass) ? cache : undefined;
  }

  /** The aggregate as its events make it, always read from the store; undefined when there are none. */
  async find(id: string): Promise<T | undefined> {
    return (await this.load(id))?.aggregate;
  }

  /** @throws AggregateNotFoundError */
  async get(id: string): Promise<T> {
    const aggregate = await this.find(id);
    if (!aggregate) throw new AggregateNotFoundError(this.type, id);
    return aggregate;
  }

  /**
   * Stores what the aggregate raised since it was made or loaded; a new one must not exist yet.
   * @throws AggregateAlreadyExistsError for a new one; WrongExpectedVersionError for a loaded one that lost a race.
   * @throws the claim's own refusal (`whenTaken`), or ClaimTakenError.
   */
  async save(aggregate: T): Promise<AppendResult> {
    const stream = this.stream(aggregate.id);
    const derivedId = derivedIdsOfNextCommand(stream);
    try {
      const result = await this.append(aggregate, derivedId);
      this.cache?.take(stream);
      return result;
    } catch (error) {
      if (error instanceof WrongExpectedVersionError && aggregate.version === 0) {
        throw new AggregateAlreadyExistsError(this.type, aggregate.id);
      }
      throw error;
    }
  }

  /**
   * Loads, decides, stores; after a lost race loads and decides again, so `decide` may run more than once and must do
   * nothing but call the aggregate, which is not its own any more when it returns. When nothing is raised, the answer is where
   * the aggregate stands, and only the receipt of the request, if it has one, is stored.
   * @throws AggregateNotFoundError, VersionPreconditionError, and whatever `decide` throws.
   * @throws WrongExpectedVersionError when the race was lost many times over.
   */
  update(id: string, decide: (aggregate: T) => void, options: UpdateOptions = {}): Promise<AppendResult> {
    const derivedId = derivedIdsOfNextCommand(this.stream(id));
    const decision = { decide, ifVersion: options.ifVersion, derivedId };
    return this.turns.take(
      id,
      async () => (await this.updateCached(id, decision)) ?? this.updateStored(id, decision),
    );
  }

  /** Undefined where no answer can be given without loading. */
  private async updateCached(id: string, decision: Decision<T>): Promise<AppendResult | undefined> {
    const cached = this.cache?.take(this.stream(id)) as Loaded<T> | undefined;
    if (!cached || !(await this.decideUponCached(cached, decision))) return undefined;
    try {
      return await this.appendAndKeep(cached, decision);
    } catch (error) {
      if (!(error instanceof WrongExpectedVersionError)) throw error;
      updateRetry.publish({ aggregateType: this.type, attempt: 1 });
      return undefined;
    }
  }

  /** Whether the decision may be answered: a refusal, or "nothing to do", may rest on what is not so any more. */
  private async decideUponCached({ aggregate }: Loaded<T>, decision: Decision<T>): Promise<boolean> {
    try {
      this.decide(aggregate, decision);
    } catch {
      return false;
    }
    return AggregateRoot.pendingChanges(aggregate).events.length > 0 || this.isCurrent(aggregate);
  }

  private async updateStored(id: string, decision: Decision<T>): Promise<AppendResult> {
    for (let attempt = 1; ; attempt++) {
      const loaded = await this.load(id);
      if (!loaded) throw new AggregateNotFoundError(this.type, id);
      this.decide(loaded.aggregate, decision);
      try {
        return await this.appendAndKeep(loaded, decision);
      } catch (error) {
        if (!(error instanceof WrongExpectedVersionError) || attempt === maxAttempts) throw error;
        updateRetry.publish({ aggregateType: this.type, attempt });
        await delay(Math.random() * 2 ** attempt);
      }
    }
  }

  private decide(aggregate: T, { decide, ifVersion }: Decision<T>): void {
    if (ifVersion && !ifVersion.includes(aggregate.version)) {
      throw new VersionPreconditionError(this.type, aggregate.id, aggregate.version);
    }
    decide(aggregate);
  }

  /** Appends what was decided, and keeps the aggregate, which is now where its stream is. */
  private async appendAndKeep(
    { aggregate, size }: Loaded<T>,
    { derivedId }: Decision<T>,
  ): Promise<AppendResult> {
    const { events } = AggregateRoot.pendingChanges(aggregate);
    const result = await this.append(aggregate, derivedId);
    // The answer to a repeated command of a durable handler is an old one, and the stream may be further.
    if (!derivedId) {
      const entry = { aggregate, size: events.reduce((sum, event) => sum + sizeOf(event), size) };
      this.cache?.keep(this.stream(aggregate.id), entry);
    }
    return result;
  }

  private async load(id: string): Promise<Loaded<T> | undefined> {
    let aggregate: T | undefined;
    let size = 0;
    for await (const recorded of this.store.readStream(this.stream(id))) {
      aggregate ??= new this.aggregateClass(id);
      const { version, position } = recorded;
      AggregateRoot.replay(aggregate, this.registry.decode(recorded), { version, position });
      if (this.cache) size += sizeOf(recorded.data);
    }
    return aggregate && { aggregate, size };
  }

  /** Whether the stream has no event behind the aggregate's last one. */
  private async isCurrent({ id, version }: T): Promise<boolean> {
    for await (const _newer of this.store.readStream(this.stream(id), { after: version, limit: 1 }))
      return false;
    return true;
  }

  private stream(id: string): StreamId {
    return { type: this.type, id };
  }

  private async append(aggregate: T, derivedId: DerivedId | undefined): Promise<AppendResult> {
    const { events, claims, releases } = AggregateRoot.pendingChanges(aggregate);
    const receipt = receiptOfRequest();
    if (events.length === 0) {
      if (aggregate.version === 0 || claims.length + releases.length > 0)
        throw new NothingRaisedError(this.type);
      if (!receipt) return AggregateRoot.placeOf(aggregate);
    }
    const stream = this.stream(aggregate.id);
    const newEvents = events.map((event, index) => {
      const encoded = this.registry.encode(event);
      return { id: derivedId?.(encoded.type, index), ...encoded };
    });
    const options = { expectedVersion: aggregate.version, claims, releases, receipt };
    try {
      const result = await this.store.appendToStream(stream, newEvents, options).catch((error: unknown) => {
        // A durable handler got its event again, and its command was stored the first time: the ids stand in the stream.
        if (derivedId === undefined || !(error instanceof DuplicateEventIdError)) throw error;
        return this.store.appendToStream(stream, newEvents, { ...options, expectedVersion: 'any' });
      });
      markReceiptStored(receipt);
      AggregateRoot.markStored(aggregate, result);
      return result;
    } catch (error) {
      throw refusalOfClaim(error, claims) ?? error;
    }
  }
}

/** A taken claim in the words of the domain, where the claim has them. */
function refusalOfClaim(error: unknown, claims: readonly Claim[]): Error | undefined {
  if (!(error instanceof ClaimTakenError)) return undefined;
  const { scope, value } = error.claim;
  return claims.find((claim) => claim.scope === scope && claim.value === value)?.whenTaken?.();
}
