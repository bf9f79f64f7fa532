import assert from 'node:assert/strict';
import { AggregateClass, AggregateRoot, NotAtOnceError } from '../domain';

type ErrorClass = new (...args: never[]) => Error;

/**
 * Tests of domain rules as sentences: `specFor(User).given(new UserCreated(…)).when((user) => user.deactivate())
 * .thenRaises(new UserDeactivated())`. Runs without a store. The checks throw `AssertionError`.
 */
export function specFor<T extends AggregateRoot>(aggregateClass: AggregateClass<T>): Given<T> {
  return new Given(aggregateClass, []);
}

class Given<T extends AggregateRoot> {
  constructor(
    private readonly aggregateClass: AggregateClass<T>,
    private readonly history: readonly object[],
  ) {}

  /** What happened before, oldest first. */
  given(...events: readonly object[]): Given<T> {
    return new Given(this.aggregateClass, [...this.history, ...events]);
  }

  /** The decision: a method of the aggregate, or a function that makes a new one. */
  when(decide: (aggregate: T) => T | void): Then {
    const aggregate = new this.aggregateClass('spec');
    this.history.forEach((event, index) =>
      AggregateRoot.replay(aggregate, event, { version: index + 1, position: BigInt(index + 1) }),
    );
    let decided: T | undefined;
    try {
      AggregateRoot.decide(aggregate, (given) => (decided = decide(given) ?? undefined));
      return new Then(AggregateRoot.pendingChanges(decided ?? aggregate).events);
    } catch (error) {
      if (error instanceof NotAtOnceError) throw error;
      return new Then([], error);
    }
  }
}

class Then {
  constructor(
    private readonly raised: readonly object[],
    private readonly error?: unknown,
  ) {}

  /** Exactly these events, of these classes, in this order. */
  thenRaises(...events: readonly object[]): void {
    assert.ifError(this.error);
    assert.deepStrictEqual(this.raised.map(described), events.map(described));
  }

  thenRaisesNothing(): void {
    this.thenRaises();
  }

  /** The decision is refused, so nothing of it is stored. */
  thenThrows(errorClass: ErrorClass): void {
    assert.ok(
      this.error instanceof errorClass,
      `Expected ${errorClass.name}, but got ${String(this.error)}.`,
    );
  }
}

function described(event: object): object {
  return { event: event.constructor.name, data: { ...event } };
}
