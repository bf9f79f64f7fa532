import { comesLater, NotAtOnceError } from './at-once';
import { Claim } from './claim';
import { className, EventClass, loadedTwice } from './event-class';
import { eventMethods } from './event-methods';
import { EventSourcingError } from './event-sourcing-error';

/** Where an aggregate stands in the log. Version 0 and position 0: nothing of it is stored yet. */
export interface StreamPlace {
  readonly version: number;
  readonly position: bigint;
  /** Which event stands there: after a loss in the database it may be another one. */
  readonly lastEventId?: string;
}

/** What an aggregate decided since it was loaded, to be stored as one append. */
export interface PendingChanges {
  readonly events: readonly object[];
  readonly claims: readonly Claim[];
  readonly releases: readonly Claim[];
}

/** An event that the aggregate has no `@On` method for. It never just moves the version. */
export class UnhandledEventError extends EventSourcingError {
  readonly code = 'aggregate.event-unhandled';
  readonly kind = 'defect';

  constructor(aggregate: object, event: object) {
    const name = className(event);
    const known = [...eventMethods(aggregate.constructor).keys()].some(
      (eventClass) => eventClass.name === name,
    );
    super(
      known
        ? `${className(aggregate)} has a method for another class ${name}: ${loadedTwice}`
        : `${className(aggregate)} has no method for ${name}. Add one: @On(${name}) protected on…(event).`,
    );
  }
}

/** Why an aggregate can decide nothing now. */
type Seal = 'decided' | 'saving' | 'applying';

const reasons: Readonly<Record<Seal, string>> = {
  decided:
    'its decision is over. Call its methods only while update() decides: not behind an await, and not by a reference that was kept.',
  saving: 'it is being saved. Wait for save() first.',
  applying:
    'one of its @On methods runs, or has failed. Such a method changes the state, and does nothing else.',
};

/** A mistake in the code: an aggregate was called when nothing that it decides would be stored, or not by this caller. */
export class AggregateSealedError extends EventSourcingError {
  readonly code = 'aggregate.sealed';
  readonly kind = 'defect';

  constructor(aggregate: AggregateRoot, deed: string, seal: Seal) {
    super(`${className(aggregate)} ${aggregate.id} cannot ${deed}: ${reasons[seal]}`);
  }
}

function claimKey(claim: Claim): string {
  return JSON.stringify([claim.scope, claim.value]);
}

/** The event itself where its members are plain values; else one with copies of the lists and objects in it. */
function detached(event: object): object {
  if (!Object.values(event).some((member) => typeof member === 'object' && member !== null)) return event;
  const copy = Object.create(Object.getPrototypeOf(event) as object) as object;
  return Object.freeze(Object.assign(copy, copied({ ...event })));
}

function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== 'object' || value === null) return value;
  // Anything else than plain JSON cannot be stored, and the append says so.
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copied(member)]));
}

/**
 * Decides by raising events; changes its state only in `@On` methods, so that a replay gives the same state. Knows no
 * service and no store: the repository loads it and stores what it raised.
 */
export abstract class AggregateRoot {
  #place: StreamPlace = { version: 0, position: 0n };
  #events: object[] = [];
  readonly #claims = new Map<string, { readonly claim: Claim; readonly held: boolean }>();
  /** Undefined while it may decide: from when it is made or loaded until its decision is over. */
  #seal: Seal | undefined;

  constructor(readonly id: string) {}

  /** The version of the stream when it was loaded or last stored; raised events do not count until stored. */
  get version(): number {
    return this.#place.version;
  }

  /**
   * Applies the event and keeps it to be stored. The event is frozen, so that no `@On` method can change it; lists and objects
   * in it are copied for the `@On` method, so that the state shares none with the caller or with what will be stored.
   * @throws AggregateSealedError when the decision is over, or a save is under way.
   */
  protected raise(event: object): void {
    this.#assertOpen(() => `raise ${className(event)}`);
    this.#apply(detached(Object.freeze(event)));
    this.#events.push(event);
  }

  /** Takes the value for this stream when the events are stored; fails them all when another stream holds it. */
  protected claim(claim: Claim): void {
    this.#assertOpen(() => `claim a ${claim.scope}`);
    this.#claims.set(claimKey(claim), { claim, held: true });
  }

  /** Gives the value up when the events are stored. */
  protected release(claim: Claim): void {
    this.#assertOpen(() => `release a ${claim.scope}`);
    this.#claims.set(claimKey(claim), { claim, held: false });
  }

  #apply(event: object): void {
    const method = eventMethods(this.constructor).get(event.constructor as EventClass);
    if (method === undefined) throw new UnhandledEventError(this, event);
    const before = this.#seal;
    // It stays where the method fails, because the state may be half changed.
    this.#seal = 'applying';
    const returned = (this as unknown as Record<string, (event: object) => unknown>)[method]?.(event);
    if (comesLater(returned)) {
      const what = `${className(this)}.${method}, its @On method for ${className(event)},`;
      throw new NotAtOnceError(what, 'Let it change the state, and nothing else, without an await.');
    }
    this.#seal = before;
  }

  #assertOpen(deed: () => string): void {
    if (this.#seal) throw new AggregateSealedError(this, deed(), this.#seal);
  }

  /**
   * Opens the aggregate for one decision, and seals it behind that. For the repository and for specs. @internal
   * @throws NotAtOnceError when the decision gives a promise; whatever `decide` throws.
   */
  static decide<T extends AggregateRoot>(aggregate: T, decide: (aggregate: T) => unknown): void {
    aggregate.#seal = undefined;
    try {
      if (comesLater(decide(aggregate)))
        throw new NotAtOnceError(
          `A decision upon ${className(aggregate)} ${aggregate.id}`,
          'Await what it needs before update(), and call the aggregate without an await.',
        );
      aggregate.#assertOpen(() => 'be stored');
    } finally {
      aggregate.#seal = 'decided';
    }
  }

  /** Seals the aggregate while it is stored. For the repository. @internal */
  static async whileSaving<R>(aggregate: AggregateRoot, store: () => Promise<R>): Promise<R> {
    aggregate.#assertOpen(() => 'be saved');
    aggregate.#seal = 'saving';
    try {
      return await store();
    } finally {
      if (aggregate.#seal === 'saving') aggregate.#seal = undefined;
    }
  }

  /** Whether nothing waits to be stored. @internal */
  static isClean(aggregate: AggregateRoot): boolean {
    return aggregate.#events.length === 0 && aggregate.#claims.size === 0;
  }

  /** For the repository. @internal */
  static placeOf(aggregate: AggregateRoot): StreamPlace {
    return aggregate.#place;
  }

  /** For the repository and for specs: a copy, so that nothing outside can change it. @internal */
  static pendingChanges(aggregate: AggregateRoot): PendingChanges {
    const claims = [...aggregate.#claims.values()];
    return {
      events: [...aggregate.#events],
      claims: claims.filter((c) => c.held).map((c) => c.claim),
      releases: claims.filter((c) => !c.held).map((c) => c.claim),
    };
  }

  /** Applies a stored event; undefined is one that is passed over, and has its place in the stream. @internal */
  static replay(aggregate: AggregateRoot, event: object | undefined, place: StreamPlace): void {
    if (event !== undefined) aggregate.#apply(event);
    aggregate.#place = place;
  }

  /** Forgets the pending changes, now that they are stored. @internal */
  static markStored(aggregate: AggregateRoot, place: StreamPlace): void {
    aggregate.#place = place;
    // The same list, emptied: a new one would grow old with a cached aggregate, and each makes the events of the next outlive it.
    aggregate.#events.length = 0;
    aggregate.#claims.clear();
  }
}
