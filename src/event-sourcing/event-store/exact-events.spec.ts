import {
  DomainEvent,
  DomainError,
  EventClass,
  EventData,
  On,
  Aggregate,
  AggregateRoot,
  UnhandledEventError,
} from '../domain';
import { Aggregates } from '../repository/aggregates';
import { RecordedEvent } from './event-envelope';
import { InMemoryEventStore } from './in-memory-event-store';
import { EventRegistrationError, EventRegistry } from './event-registry';
import { InvalidAppendError } from './errors';
import { StoredMemberError, UpcastError } from './registry-errors';

function recorded(data: unknown, schemaVersion = 1): RecordedEvent {
  return {
    position: 12n,
    id: '0190a000-0000-7000-8000-000000000000',
    type: 'Paid',
    schemaVersion,
    stream: { type: 'Account', id: 'a' },
    version: 1,
    timestamp: new Date(0),
    data: data as EventData,
    metadata: { correlationId: 'c', causationId: 'c', actor: 'a' },
  };
}

function registryWith(eventClass: EventClass): EventRegistry {
  const registry = new EventRegistry();
  registry.register(eventClass);
  return registry;
}

/** The class, decorated as one whose events are stored as "Paid". */
function paid(eventClass: EventClass): EventClass {
  DomainEvent('Paid')(eventClass);
  return eventClass;
}

const accessors: Readonly<Record<string, EventClass>> = {
  'a getter': class {
    get amount(): number {
      return 7;
    }
  },
  'a getter that throws': class {
    get amount(): number {
      throw new Error('no');
    }
  },
  'a setter': class {
    declare other: number;
    set amount(value: number) {
      this.other = value;
    }
  },
  'a getter and a setter': class {
    get amount(): number {
      return 7;
    }
    set amount(_value: number) {}
  },
  'a getter of the class that it extends': class extends class {
    get amount(): number {
      return 7;
    }
  } {},
  'an initialiser': class {
    amount = 7;
  },
  'a value of the prototype': Object.assign(class {}, {}),
};
Object.defineProperty(accessors['a value of the prototype']?.prototype, 'amount', {
  value: 7,
  writable: false,
});

describe('a stored member', () => {
  it.each(Object.keys(accessors))('that meets %s comes back as it went', (what) => {
    const registry = registryWith(paid(accessors[what] as EventClass));
    const event = registry.decode(recorded({ amount: 5, list: [1] })) as { amount: number };
    expect(event.amount).toBe(5);
    expect({ ...event }).toEqual({ amount: 5, list: [1] });
    expect(event).toBeInstanceOf(accessors[what]);
    expect(registry.encode(event).data).toEqual({ amount: 5, list: [1] });
  });

  it.each([
    [
      'a method',
      class Payment {
        amount(): number {
          return 7;
        }
      },
      'amount',
    ],
    [
      'a method of the class that it extends',
      class Payment extends class {
        amount(): number {
          return 7;
        }
      } {},
      'amount',
    ],
    ['the constructor', class Payment {}, 'constructor'],
    ['the prototype', class Payment {}, '__proto__'],
    [
      'toJSON of the class',
      class Payment {
        toJSON(): number {
          return 1;
        }
      },
      'toJSON',
    ],
  ] as [string, EventClass, string][])(
    'that meets %s is refused with its name and place',
    (_what, eventClass, name) => {
      const registry = registryWith(paid(eventClass));
      const decode = () => registry.decode(recorded(JSON.parse(`{"${name}":{"a":1}}`)));
      expect(decode).toThrow(StoredMemberError);
      expect(decode).toThrow(
        `The event at position 12 ("Paid", schema version 1) has the member ${name}, and Payment has a method of that name.`,
      );
    },
  );

  it.each([[[1, 2]], [null], [5], ['text'], [true]])('is looked for in an object, not in %j', (data) => {
    const registry = registryWith(paid(class {}));
    expect(() => registry.decode(recorded(data))).toThrow('has data that is no object');
  });
});

describe('a member that would not be stored', () => {
  it.each([
    [
      'a field',
      class Payment {
        #amount = 1;
        see(): number {
          return this.#amount;
        }
      },
      '#amount',
    ],
    [
      'a method',
      class Payment {
        amount(): number {
          return this.#secret();
        }
        #secret(): number {
          return 1;
        }
      },
      '#secret',
    ],
    [
      'a getter',
      class Payment {
        amount(): number {
          return this.#secret;
        }
        get #secret(): number {
          return 1;
        }
      },
      '#secret',
    ],
    [
      'a field of the class that it extends',
      class Payment extends class {
        #amount = 1;
        see(): number {
          return this.#amount;
        }
      } {},
      '#amount',
    ],
  ] as [string, EventClass, string][])(
    'because it is private is refused when the class is registered: %s',
    (_what, eventClass, name) => {
      expect(() => registryWith(paid(eventClass))).toThrow(EventRegistrationError);
      expect(() => registryWith(paid(eventClass))).toThrow(`Payment has the member ${name}`);
    },
  );

  it('is not seen in comments, in texts, and in what belongs to the class', () => {
    class Payment {
      static #made = 0;
      /* { #comment = 1; } */
      readonly text = '; #text = 1';
      // ; #line = 1
      readonly more = `
        #template = 1`;

      static count(): number {
        return ++Payment.#made;
      }
    }
    expect(() => registryWith(paid(Payment))).not.toThrow();
  });

  it('because it is not enumerable is refused by its name', () => {
    class Payment {
      constructor(readonly amount: number) {
        Object.defineProperty(this, 'hidden', { value: 1 });
      }
    }
    const registry = registryWith(paid(Payment));
    expect(() => registry.encode(new Payment(1))).toThrow(InvalidAppendError);
    expect(() => registry.encode(new Payment(1))).toThrow(
      'Payment has the member hidden, which is not enumerable',
    );
  });
});

describe('an upcaster', () => {
  const decodeWith = (step: (data: EventData) => unknown, data: unknown = { old: 'x' }) => {
    class Payment {}
    DomainEvent('Paid', { version: 3, upcasters: { 1: (given) => given, 2: step as () => EventData } })(
      Payment,
    );
    return registryWith(Payment).decode(recorded(data));
  };
  const place = 'The event at position 12 ("Paid", schema version 1) was not upcast: the step from 2 to 3';

  it.each<[string, () => unknown, string]>([
    ['undefined', () => undefined, 'gave undefined. It must give an object'],
    ['null', () => null, 'gave null.'],
    ['a text', () => 'text', 'gave a string.'],
    ['a number', () => 1, 'gave a number.'],
    ['a boolean', () => true, 'gave a boolean.'],
    ['a list', () => [1], 'gave a list.'],
    ['a function', () => () => 1, 'gave a function.'],
    ['a promise', () => Promise.reject(new Error('later')), 'gave a promise.'],
    ['a promise of data', () => Promise.resolve({}), 'gave a promise.'],
    ['a map', () => new Map(), 'gave what cannot be stored: its data is a Map'],
    ['an instance of a class', () => new (class Odd {})(), 'gave what cannot be stored: its data is a Odd'],
    ['a date within', () => ({ at: new Date(0) }), 'gave what cannot be stored: its data.at is a Date'],
    ['NaN within', () => ({ at: [Number.NaN] }), 'gave what cannot be stored: its data.at[0] is NaN'],
    [
      'a large number within',
      () => ({ at: 2 ** 60 }),
      'gave what cannot be stored: its data.at is 1152921504606847000',
    ],
  ])('that gives %s is refused with its place', (_what, step, words) => {
    expect(() => decodeWith(step)).toThrow(UpcastError);
    expect(() => decodeWith(step)).toThrow(`${place} ${words}`);
  });

  it('that changes its argument is refused, and what is recorded stays', () => {
    const data = { old: 'x', list: [1] };
    const change = (given: EventData): void => {
      (given as typeof data).list.push(2);
      (given as typeof data).old = 'y';
    };
    expect(() => decodeWith(change, data)).toThrow(`${place} changes its argument`);
    expect(data).toEqual({ old: 'x', list: [1] });
  });

  it('that throws is named with its place, and with its error as the cause', () => {
    const decode = () => decodeWith((data) => (data as unknown as { a: { b: number } }).a.b);
    expect(decode).toThrow(`${place} failed: TypeError: Cannot read properties of undefined`);
    try {
      decode();
    } catch (error) {
      expect((error as Error).cause).toBeInstanceOf(TypeError);
    }
  });

  it('is missing for a schema version below 1', () => {
    class Payment {}
    expect(() => registryWith(paid(Payment)).decode(recorded({}, 0))).toThrow(
      'the step from 0 to 1 is missing',
    );
  });
});

describe('a class that is loaded twice', () => {
  const copy = (): EventClass => paid(class Payment {});

  it('is refused when both are registered, and not called two classes', () => {
    const registry = registryWith(copy());
    expect(() => registry.register(copy())).toThrow(
      /^Payment and Payment both store events as "Paid"\. .*the file of the class is loaded twice/,
    );
  });

  it('is told when an aggregate raises the other one', () => {
    const known = copy();
    const other = copy();
    class Account extends AggregateRoot {
      pay(): void {
        this.raise(new other());
      }
    }
    (On(known) as MethodDecorator)(Account.prototype, 'onPaid', {});
    expect(() => new Account('a').pay()).toThrow(UnhandledEventError);
    expect(() => new Account('a').pay()).toThrow(
      'has a method for another class Payment: the file of the class is loaded twice',
    );
  });

  it('is refused when both are aggregates of one stream type', () => {
    const account = () => {
      @Aggregate('Account')
      class Account extends AggregateRoot {}
      return Account;
    };
    const aggregates = new Aggregates(new InMemoryEventStore(), new EventRegistry());
    aggregates.repository(account());
    expect(() => aggregates.repository(account())).toThrow(
      /^Account and Account both store their events .*the file of the class is loaded twice/,
    );
  });
});

describe('two copies of the package', () => {
  let copy: typeof import('../domain');
  beforeAll(() => jest.isolateModules(() => (copy = jest.requireActual('../domain'))));

  it('know the refusals of each other, and tell their classes apart', () => {
    class Refused extends DomainError {
      readonly code = 'refused';
    }
    class OtherwiseRefused extends copy.DomainError {
      readonly code = 'refused';
    }
    for (const error of [new Refused('no'), new OtherwiseRefused('no')]) {
      expect(error instanceof DomainError).toBe(true);
      expect(error instanceof copy.DomainError).toBe(true);
      expect(error instanceof Error).toBe(true);
    }
    expect(new Refused('no') instanceof OtherwiseRefused).toBe(false);
    expect(new Refused('no') instanceof Refused).toBe(true);
    for (const other of [new Error('no'), { code: 'refused' }, null, 'refused'])
      expect((other as unknown) instanceof DomainError).toBe(false);
  });

  it('do not share aggregates: the class is refused by its name, with the mend', () => {
    class Account extends copy.AggregateRoot {}
    Aggregate('Account')(Account);
    const aggregates = new Aggregates(new InMemoryEventStore(), new EventRegistry());
    expect(() => aggregates.repository(Account as never)).toThrow(
      'Account extends no AggregateRoot of this package, or that of another copy of it. Install one copy',
    );
  });
});
