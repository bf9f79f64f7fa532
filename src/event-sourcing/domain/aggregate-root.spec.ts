import { Aggregate } from './aggregate';
import { AggregateRoot, UnhandledEventError } from './aggregate-root';
import { DomainEvent } from './domain-event';
import { On } from './on';

@DomainEvent('Counted')
class Counted {
  constructor(
    readonly by: number,
    readonly tags: readonly string[] = [],
  ) {}
}

@DomainEvent('CounterReset')
class CounterReset {}

class Foreign {}

@Aggregate('Counter')
class Counter extends AggregateRoot {
  total = 0;
  readonly seen: string[] = [];

  count(by: number): void {
    this.raise(new Counted(by));
    this.seen.push(`total is ${this.total} after raise`);
  }

  raiseAny(event: object): void {
    this.raise(event);
  }

  take(value: string): void {
    this.claim({ scope: 'name', value });
  }

  giveUp(value: string): void {
    this.release({ scope: 'name', value });
  }

  takeIn(scope: string, value: string): void {
    this.claim({ scope, value });
  }

  @On(Counted)
  protected onCounted(event: Counted): void {
    if (event.by < 0) throw new RangeError('Counters go up.');
    this.seen.push(`applied with ${AggregateRoot.pendingChanges(this).events.length} kept`);
    this.total += event.by;
  }

  @On(CounterReset)
  protected onReset(_event: CounterReset): void {
    this.total = 0;
  }
}

const at = (version: number) => ({ version, position: BigInt(version * 10) });
const valuesOf = (claims: readonly { readonly value: string }[]) => claims.map(({ value }) => value);

describe('raising an event', () => {
  it('applies it before it keeps it', () => {
    const counter = new Counter('c');
    counter.count(2);
    expect(counter.seen).toEqual(['applied with 0 kept', 'total is 2 after raise']);
    expect(AggregateRoot.pendingChanges(counter).events).toEqual([new Counted(2)]);
  });

  it('keeps nothing when the event cannot be applied', () => {
    const counter = new Counter('c');
    expect(() => counter.count(-1)).toThrow(RangeError);
    expect(AggregateRoot.pendingChanges(counter).events).toEqual([]);
  });

  it('keeps the events in the order in which they were raised', () => {
    const counter = new Counter('c');
    counter.count(1);
    counter.raiseAny(new CounterReset());
    counter.count(3);
    const { events } = AggregateRoot.pendingChanges(counter);
    expect(events.map((event) => event.constructor)).toEqual([Counted, CounterReset, Counted]);
  });

  it('freezes the event', () => {
    const counter = new Counter('c');
    const event = new Counted(1);
    counter.raiseAny(event);
    expect(Object.isFrozen(event)).toBe(true);
    expect(() => Object.assign(event, { by: 2 })).toThrow(TypeError);
  });

  it('does not move the version until it is stored', () => {
    const counter = new Counter('c');
    counter.count(1);
    expect(counter.version).toBe(0);
  });
});

describe('an event without its @On method', () => {
  const counter = new Counter('c');
  AggregateRoot.replay(counter, new Counted(1), at(1));
  counter.count(1);

  afterEach(() => {
    expect(counter.version).toBe(1);
    expect(AggregateRoot.placeOf(counter)).toEqual(at(1));
    expect(AggregateRoot.pendingChanges(counter).events).toEqual([new Counted(1)]);
  });

  it('cannot be raised, and leaves the version and what is pending alone', () => {
    expect(() => counter.raiseAny(new Foreign())).toThrow(UnhandledEventError);
  });

  it('cannot be replayed, and leaves the version and what is pending alone', () => {
    expect(() => AggregateRoot.replay(counter, new Foreign(), at(2))).toThrow(UnhandledEventError);
  });

  it('is named with its aggregate and the method to add', () => {
    expect(() => counter.raiseAny(new Foreign())).toThrow(
      'Counter has no method for Foreign. Add one: @On(Foreign)',
    );
  });

  it('is not taken by the method of a class that it extends', () => {
    class CountedTwice extends Counted {}
    expect(() => counter.raiseAny(new CountedTwice(1))).toThrow(UnhandledEventError);
  });
});

describe('pending changes', () => {
  it('are a copy, which neither follows the aggregate nor changes it', () => {
    const counter = new Counter('c');
    counter.count(1);
    counter.take('a');
    const before = AggregateRoot.pendingChanges(counter);
    (before.events as object[]).length = 0;
    (before.claims as object[]).length = 0;
    counter.count(2);
    expect(before.events).toEqual([]);
    const after = AggregateRoot.pendingChanges(counter);
    expect(after.events).toEqual([new Counted(1), new Counted(2)]);
    expect(valuesOf(after.claims)).toEqual(['a']);
  });

  it('cannot be reached as a member of the aggregate', () => {
    const counter = new Counter('c');
    counter.count(1);
    expect(Object.keys(counter).sort()).toEqual(['id', 'seen', 'total']);
  });

  it('are gone once they are stored, and handed-out ones are not', () => {
    const counter = new Counter('c');
    counter.count(1);
    counter.take('a');
    counter.giveUp('b');
    const handedOut = AggregateRoot.pendingChanges(counter);
    AggregateRoot.markStored(counter, at(1));
    expect(AggregateRoot.pendingChanges(counter)).toEqual({ events: [], claims: [], releases: [] });
    expect(handedOut.events).toHaveLength(1);
    expect(handedOut.releases).toHaveLength(1);
  });
});

describe('claims', () => {
  const cases: readonly (readonly [
    what: string,
    act: (c: Counter) => void,
    held: string[],
    given: string[],
  ])[] = [
    ['a value that is claimed is claimed', (c) => c.take('a'), ['a'], []],
    ['claimed, then released: released', (c) => (c.take('a'), c.giveUp('a')), [], ['a']],
    ['released, then claimed: claimed', (c) => (c.giveUp('a'), c.take('a')), ['a'], []],
    ['claimed twice: claimed once', (c) => (c.take('a'), c.take('a')), ['a'], []],
    [
      'each value has its own last word',
      (c) => (c.take('a'), c.take('b'), c.giveUp('a'), c.giveUp('c')),
      ['b'],
      ['a', 'c'],
    ],
  ];

  it.each(cases)('the last word on a value holds: %s', (_what, act, held, given) => {
    const counter = new Counter('c');
    act(counter);
    const { claims, releases } = AggregateRoot.pendingChanges(counter);
    expect({ held: valuesOf(claims), given: valuesOf(releases) }).toEqual({ held, given });
  });

  it('of one value in two scopes are two claims, whatever characters the scopes have', () => {
    const counter = new Counter('c');
    counter.takeIn('a', '","b');
    counter.takeIn('a","', 'b');
    counter.takeIn('b', '","b');
    expect(AggregateRoot.pendingChanges(counter).claims).toHaveLength(3);
  });
});

describe('the place of an aggregate', () => {
  it('is version 0 and position 0 before anything is stored', () => {
    expect(AggregateRoot.placeOf(new Counter('c'))).toEqual({ version: 0, position: 0n });
  });

  it('is that of the last event that was replayed', () => {
    const counter = new Counter('c');
    AggregateRoot.replay(counter, new Counted(1), at(1));
    AggregateRoot.replay(counter, new Counted(2), at(2));
    expect(AggregateRoot.placeOf(counter)).toEqual({ version: 2, position: 20n });
    expect(counter.version).toBe(2);
    expect(counter.total).toBe(3);
  });

  it('is that of the append once what was raised is stored', () => {
    const counter = new Counter('c');
    counter.count(1);
    AggregateRoot.markStored(counter, at(7));
    expect(AggregateRoot.placeOf(counter)).toEqual(at(7));
  });

  it('keeps what is replayed out of what is pending', () => {
    const counter = new Counter('c');
    AggregateRoot.replay(counter, new Counted(1), at(1));
    expect(AggregateRoot.pendingChanges(counter).events).toEqual([]);
  });
});

describe('@On methods', () => {
  class Loud extends Counter {
    protected override onReset(_event: CounterReset): void {
      this.seen.push('loud reset');
    }
  }

  class Doubling extends Counter {
    @On(Counted)
    protected onCountedTwice(event: Counted): void {
      this.total += 2 * event.by;
    }

    @On(Foreign)
    protected onForeign(_event: Foreign): void {
      this.total = 1_000;
    }
  }

  it('are inherited', () => {
    const loud = new Loud('l');
    loud.count(2);
    expect(loud.total).toBe(2);
  });

  it('may be overridden by name, without the decorator', () => {
    const loud = new Loud('l');
    loud.raiseAny(new CounterReset());
    expect(loud.seen).toEqual(['loud reset']);
  });

  it('may be replaced by another method for the same event in a class that extends', () => {
    const doubling = new Doubling('d');
    doubling.raiseAny(new Counted(2));
    expect(doubling.total).toBe(4);
  });

  it('of a class that extends are not those of the class it extends', () => {
    const doubling = new Doubling('d');
    doubling.raiseAny(new Foreign());
    expect(doubling.total).toBe(1_000);
    expect(() => new Counter('c').raiseAny(new Foreign())).toThrow(UnhandledEventError);
    expect(() => new Loud('l').raiseAny(new Foreign())).toThrow(UnhandledEventError);
  });

  it('of one class for one event are refused when the class is defined, naming both', () => {
    const define = () => {
      class Torn extends AggregateRoot {
        @On(Counted)
        protected onCounted(_event: Counted): void {}

        @On(Counted)
        protected onCountedAgain(_event: Counted): void {}
      }
      return Torn;
    };
    expect(define).toThrow(
      'Torn has two @On(Counted) methods, onCounted and onCountedAgain. Keep one of them.',
    );
  });

  it('of one class may be many, one for each event', () => {
    const define = () => {
      class Fine extends AggregateRoot {
        @On(Counted)
        protected onCounted(_event: Counted): void {}

        @On(CounterReset)
        protected onReset(_event: CounterReset): void {}
      }
      return Fine;
    };
    expect(define).not.toThrow();
  });
});
