import { setTimeout as delay } from 'node:timers/promises';
import { AggregateClass, AggregateRoot, aggregateType, Claim } from '../domain';
import { ClaimTakenError, DuplicateEventIdError, WrongExpectedVersionError } from '../event-store/errors';
import { EventRegistry } from '../event-store/event-registry';
import { AppendResult, EventStore } from '../event-store/event-store';
import { DerivedId, derivedIdsOfNextCommand } from './derived-ids';
import {
  AggregateAlreadyExistsError,
  AggregateNotFoundError,
  NothingRaisedError,
  VersionPreconditionError,
} from './errors';
import { markReceiptStored, receiptOfRequest } from './receipt-of-request';
import { Turns } from './turns';

export interface UpdateOptions {
  /** Decide only upon one of these versions. Default: upon whichever is stored. */
  readonly ifVersion?: readonly number[];
}

/** How often `update` decides again after a lost race before it gives up. */
const maxAttempts = 12;

/**
 * Loads aggregates from their events, and stores what they raise.
 *
 * Updates of one aggregate take turns inside the process, so that races remain only between processes; the expected
 * version of the append is the judge of those.
 */
export class EventSourcedRepository<T extends AggregateRoot> {
  private readonly type: string;
  private readonly turns = new Turns();

  constructor(
    private readonly aggregateClass: AggregateClass<T>,
    private readonly store: EventStore,
    private readonly registry: EventRegistry,
  ) {
    this.type = aggregateType(aggregateClass);
  }

  /** The aggregate as its events make it; undefined when there are none. */
  async find(id: string): Promise<T | undefined> {
    let aggregate: T | undefined;
    for await (const recorded of this.store.readStream({ type: this.type, id })) {
      aggregate ??= new this.aggregateClass(id);
      const { version, position } = recorded;
      AggregateRoot.replay(aggregate, this.registry.decode(recorded), { version, position });
    }
    return aggregate;
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
    const derivedId = derivedIdsOfNextCommand({ type: this.type, id: aggregate.id });
    try {
      return await this.append(aggregate, derivedId);
    } catch (error) {
      if (error instanceof WrongExpectedVersionError && aggregate.version === 0) {
        throw new AggregateAlreadyExistsError(this.type, aggregate.id);
      }
      throw error;
    }
  }

  /**
   * Loads, decides, stores; after a lost race loads and decides again, so `decide` may run more than once and must do
   * nothing but call the aggregate. When nothing is raised, the answer is where the aggregate stands,
   * and only the receipt of the request, if it has one, is stored.
   * @throws AggregateNotFoundError, VersionPreconditionError, and whatever `decide` throws.
   * @throws WrongExpectedVersionError when the race was lost many times over.
   */
  update(id: string, decide: (aggregate: T) => void, options: UpdateOptions = {}): Promise<AppendResult> {
    const derivedId = derivedIdsOfNextCommand({ type: this.type, id });
    return this.turns.take(id, async () => {
      for (let attempt = 1; ; attempt++) {
        const aggregate = await this.get(id);
        if (options.ifVersion && !options.ifVersion.includes(aggregate.version)) {
          throw new VersionPreconditionError(this.type, id, aggregate.version);
        }
        decide(aggregate);
        try {
          return await this.append(aggregate, derivedId);
        } catch (error) {
          if (!(error instanceof WrongExpectedVersionError) || attempt === maxAttempts) throw error;
          await delay(Math.random() * 2 ** attempt);
        }
      }
    });
  }

  private async append(aggregate: T, derivedId: DerivedId | undefined): Promise<AppendResult> {
    const { events, claims, releases } = AggregateRoot.pendingChanges(aggregate);
    const receipt = receiptOfRequest();
    if (events.length === 0) {
      if (aggregate.version === 0 || claims.length + releases.length > 0)
        throw new NothingRaisedError(this.type);
      if (!receipt) return AggregateRoot.placeOf(aggregate);
    }
    const stream = { type: this.type, id: aggregate.id };
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
