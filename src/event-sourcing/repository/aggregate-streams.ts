import { AggregateClass, AggregateRoot, aggregateType, Claim } from '../domain';
import { ClaimTakenError, DuplicateEventIdError } from '../event-store/errors';
import { StreamId } from '../event-store/event-envelope';
import { EventRegistry } from '../event-store/event-registry';
import { appendResult } from '../event-store/append-result';
import { AppendResult, EventStore } from '../event-store/event-store';
import { newId } from '../new-id';
import { DerivedId } from './derived-ids';
import { NothingRaisedError, RaisedInConstructorError } from './errors';
import { markReceiptStored, receiptOfRequest } from './receipt-of-request';
import { sizeOf } from './size-of';

export interface Loaded<T> {
  readonly aggregate: T;
  /** About the characters of its events as JSON; 0 where it is not measured. */
  readonly size: number;
}

/** The aggregates of one class as their streams hold them. */
export class AggregateStreams<T extends AggregateRoot> {
  readonly type: string;

  /** @param isMeasured Whether the size of what is loaded is worth knowing. */
  constructor(
    private readonly aggregateClass: AggregateClass<T>,
    private readonly store: EventStore,
    private readonly registry: EventRegistry,
    private readonly isMeasured: boolean,
  ) {
    this.type = aggregateType(aggregateClass);
  }

  of(id: string): StreamId {
    return { type: this.type, id };
  }

  /** Undefined when there are no events. */
  async load(id: string): Promise<Loaded<T> | undefined> {
    let aggregate: T | undefined;
    let size = 0;
    for await (const recorded of this.store.readStream(this.of(id))) {
      aggregate ??= this.made(id);
      const { version, position, id: lastEventId } = recorded;
      AggregateRoot.replay(aggregate, this.registry.decode(recorded), { version, position, lastEventId });
      if (this.isMeasured) size += sizeOf(recorded.data);
    }
    return aggregate && { aggregate, size };
  }

  private made(id: string): T {
    const aggregate = new this.aggregateClass(id);
    if (AggregateRoot.isClean(aggregate)) return aggregate;
    throw new RaisedInConstructorError(this.type);
  }

  /** Whether the aggregate's last event stands in the stream, and none behind it. */
  async isCurrent(aggregate: T): Promise<boolean> {
    const { version, lastEventId } = AggregateRoot.placeOf(aggregate);
    const ids: string[] = [];
    const tail = this.store.readStream(this.of(aggregate.id), { after: version - 1, limit: 2 });
    for await (const { id } of tail) ids.push(id);
    return ids.length === 1 && ids[0] === lastEventId;
  }

  /** Appends what the aggregate raised, with its claims and the receipt of the request. */
  async append(aggregate: T, derivedId: DerivedId | undefined): Promise<AppendResult> {
    const { events, claims, releases } = AggregateRoot.pendingChanges(aggregate);
    const { version, position, lastEventId } = AggregateRoot.placeOf(aggregate);
    const receipt = receiptOfRequest();
    if (events.length === 0) {
      if (version === 0 || claims.length + releases.length > 0) throw new NothingRaisedError(this.type);
      if (!receipt) return appendResult(version, position);
    }
    const stream = this.of(aggregate.id);
    const newEvents = events.map((event, index) => {
      const encoded = this.registry.encode(event);
      return { id: derivedId?.(encoded.type, index) ?? newId(), ...encoded };
    });
    const options = { expectedVersion: version, lastEventId, claims, releases, receipt };
    try {
      const result = await this.store.appendToStream(stream, newEvents, options).catch((error: unknown) => {
        // A durable handler got its event again, and its command was stored the first time: the ids stand in the stream.
        if (derivedId === undefined || !(error instanceof DuplicateEventIdError)) throw error;
        return this.store.appendToStream(stream, newEvents, {
          ...options,
          expectedVersion: 'any',
          lastEventId: undefined,
        });
      });
      markReceiptStored(receipt);
      AggregateRoot.markStored(aggregate, {
        ...result,
        lastEventId: [lastEventId, ...newEvents.map(({ id }) => id)].at(-1),
      });
      return appendResult(result.version, result.position);
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
