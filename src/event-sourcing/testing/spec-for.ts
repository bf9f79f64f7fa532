import { AggregateClass, AggregateRoot, type Claim, NotAtOnceError, type PendingChanges } from '../domain';
import { differences } from './differences';
import { eventDifferences } from './event-differences';
import { checkRefusal, ErrorClass, refusalInWords } from './refusals';
import { fail } from './spec-failure';

/**
 * Tests of domain rules as sentences: `specFor(User).given(new UserCreated(…)).when((user) => user.deactivate())
 * .thenRaises(new UserDeactivated())`. Runs without a store and in any test runner. The checks throw `AssertionError`.
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
    const { name } = this.aggregateClass;
    let decided: T | undefined;
    try {
      AggregateRoot.decide(aggregate, (given) => (decided = decide(given) ?? undefined));
      return new Then(name, AggregateRoot.pendingChanges(decided ?? aggregate));
    } catch (error) {
      if (error instanceof NotAtOnceError) throw error;
      return new Then(name, nothing, { error });
    }
  }
}

class Then {
  constructor(
    private readonly aggregate: string,
    private readonly changes: PendingChanges,
    private readonly refusal?: { readonly error: unknown },
  ) {}

  /** Exactly these events, of these classes, in this order. */
  thenRaises(...events: readonly object[]): void {
    const differences = eventDifferences(events, this.changes.events);
    if (this.refusal)
      fail(`${this.aggregate} refused the decision: ${refusalInWords(this.refusal.error)}`, differences);
    if (differences.length > 0) fail(`${this.aggregate} did not raise the expected events.`, differences);
  }

  thenRaisesNothing(): void {
    this.thenRaises();
  }

  /** Exactly these values are taken for the stream when the events are stored. */
  thenClaims(...claims: readonly ClaimedValue[]): void {
    this.checkClaims('claims', claims, this.changes.claims);
  }

  /** Exactly these values are given up when the events are stored. */
  thenReleases(...claims: readonly ClaimedValue[]): void {
    this.checkClaims('releases', claims, this.changes.releases);
  }

  /** The decision is refused, so nothing of it is stored. */
  thenThrows(errorClass: ErrorClass): void {
    checkRefusal(this.aggregate, errorClass, this.refusal, this.changes.events);
  }

  private checkClaims(
    what: 'claims' | 'releases',
    expected: readonly ClaimedValue[],
    received: readonly Claim[],
  ): void {
    const found = differences(expected.map(valueOf), received.map(valueOf), what);
    if (this.refusal)
      fail(`${this.aggregate} refused the decision: ${refusalInWords(this.refusal.error)}`, found);
    if (found.length > 0) fail(`${this.aggregate} did not make the expected ${what}.`, found);
  }
}

const nothing: PendingChanges = { events: [], claims: [], releases: [] };

type ClaimedValue = Pick<Claim, 'scope' | 'value'>;

function valueOf({ scope, value }: ClaimedValue): ClaimedValue {
  return { scope, value };
}
