import { DomainEvent, EventData } from '../domain';
import { RecordedEvent } from './event-envelope';
import {
  EventRegistrationError,
  EventRegistry,
  UnknownEventTypeError,
  UnknownSchemaVersionError,
} from './event-registry';

@DomainEvent('PersonNamed', {
  version: 3,
  upcasters: {
    1: ({ fullName }) => {
      const [first, last] = String(fullName).split(' ');
      return { first, last };
    },
    2: (data) => ({ ...data, title: 'none' }),
  },
})
class PersonNamed {
  constructor(
    readonly first: string,
    readonly last: string,
    readonly title: string,
  ) {}

  get initials(): string {
    return `${this.first.charAt(0)}${this.last.charAt(0)}`;
  }

  isCalled(name: string): boolean {
    return this.first === name;
  }
}

function recorded(type: string, schemaVersion: number, data: EventData): RecordedEvent {
  return {
    position: 1n,
    id: '0190a000-0000-7000-8000-000000000000',
    type,
    schemaVersion,
    stream: { type: 'Person', id: 'p' },
    version: 1,
    timestamp: new Date(0),
    data,
    metadata: { correlationId: 'c', causationId: 'c', actor: 'a' },
  };
}

/** A class that is a mistake, and what the refusal says of the mend. */
function refusalOf(register: () => void): Error {
  try {
    register();
  } catch (error) {
    if (error instanceof EventRegistrationError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('registering an event class', () => {
  it('is idempotent for the same class', () => {
    const registry = new EventRegistry();
    registry.register(PersonNamed);
    registry.register(PersonNamed);
    expect(registry.classOf('PersonNamed')).toBe(PersonNamed);
  });

  it('refuses a second class for one stored type, naming both and the mend', () => {
    @DomainEvent('PersonNamed')
    class PersonRenamed {}
    const registry = new EventRegistry();
    registry.register(PersonNamed);
    expect(refusalOf(() => registry.register(PersonRenamed)).message).toBe(
      'PersonNamed and PersonRenamed both store events as "PersonNamed". Give one of them another @DomainEvent type.',
    );
    expect(registry.classOf('PersonNamed')).toBe(PersonNamed);
  });

  it('tells classes of one name apart', () => {
    const sameName = () => {
      @DomainEvent('Twin')
      class Twin {}
      return Twin;
    };
    const registry = new EventRegistry();
    registry.register(sameName());
    expect(refusalOf(() => registry.register(sameName())).message).toContain('Twin and Twin both');
  });

  it('refuses an undecorated class, and says how to decorate it', () => {
    class Plain {}
    expect(refusalOf(() => new EventRegistry().register(Plain)).message).toBe(
      "Plain has no stored name. Decorate it: @DomainEvent('Plain').",
    );
  });

  it('refuses a class that only extends a decorated one: it would share its stored type', () => {
    class MarriedPersonNamed extends PersonNamed {}
    expect(refusalOf(() => new EventRegistry().register(MarriedPersonNamed)).message).toContain(
      "@DomainEvent('MarriedPersonNamed')",
    );
  });

  it.each([
    ['the first', 1, { 2: (data: EventData) => data }],
    ['one in the middle or the last', 2, { 1: (data: EventData) => data }],
    ['all', 1, undefined],
  ])('refuses a missing upcast step (%s), and says which to add', (_which, from, upcasters) => {
    @DomainEvent('Moved', { version: 3, upcasters })
    class Moved {}
    const registry = new EventRegistry();
    const { message } = refusalOf(() => registry.register(Moved));
    expect(message).toContain(`Moved is at version 3 but has no step from ${from}. Add it:`);
    expect(message).toContain(`upcasters: { ${from}: (data) => … }`);
    expect(() => registry.classOf('Moved')).toThrow(UnknownEventTypeError);
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity])('refuses version %d, and says which there are', (version) => {
    @DomainEvent('Moved', { version })
    class Moved {}
    expect(refusalOf(() => new EventRegistry().register(Moved)).message).toBe(
      `Moved has version ${version}. Use 1, 2, 3 …`,
    );
  });
});

describe('former names and retired types', () => {
  it('a former name is one name of one class, and no retired type', () => {
    @DomainEvent('Moved', { formerly: ['Relocated'] })
    class Moved {}
    @DomainEvent('Relocated')
    class Relocated {}
    const registry = new EventRegistry();
    registry.register(Moved);
    expect(registry.all()).toEqual([Moved]);
    expect(refusalOf(() => registry.register(Relocated)).message).toContain(
      'Moved and Relocated both store events as "Relocated"',
    );
    expect(refusalOf(() => registry.retire('Relocated')).message).toContain(
      '"Relocated" is retired, and Moved',
    );
    const other = new EventRegistry();
    other.retire('Relocated');
    expect(refusalOf(() => other.register(Moved)).message).toContain('"Relocated" is retired, and Moved');
  });

  it('an event of a retired type is none of any class', () => {
    const registry = new EventRegistry();
    registry.retire('Gone');
    expect(registry.decode(recorded('Gone', 9, {}))).toBeUndefined();
    expect(registry.retiredTypes).toEqual(['Gone']);
    expect(registry.namesOf('Gone')).toEqual(['Gone']);
  });
});

describe('encoding an event', () => {
  it('gives its stored type, its schema version, and its own members without its class', () => {
    const encoded = new EventRegistry().encode(new PersonNamed('Ada', 'Lovelace', 'none'));
    expect(encoded).toEqual({
      type: 'PersonNamed',
      schemaVersion: 3,
      data: { first: 'Ada', last: 'Lovelace', title: 'none' },
    });
    expect(Object.getPrototypeOf(encoded.data)).toBe(Object.prototype);
  });

  it('refuses an event of an undecorated class', () => {
    class Plain {}
    expect(() => new EventRegistry().encode(new Plain())).toThrow(EventRegistrationError);
  });
});

describe('decoding a stored event', () => {
  const registry = new EventRegistry();
  registry.register(PersonNamed);
  const decode = (event: RecordedEvent) => registry.decode(event) as PersonNamed;

  it.each([
    [1, { fullName: 'Ada Lovelace' }],
    [2, { first: 'Ada', last: 'Lovelace' }],
    [3, { first: 'Ada', last: 'Lovelace', title: 'none' }],
  ])('raises schema version %d to the current one, through every step', (schemaVersion, data) => {
    const event = decode(recorded('PersonNamed', schemaVersion, data));
    expect({ ...event }).toEqual({ first: 'Ada', last: 'Lovelace', title: 'none' });
  });

  it('runs no step that the stored version has behind it', () => {
    const event = decode(recorded('PersonNamed', 3, { first: 'Ada', last: 'Lovelace', title: 'Countess' }));
    expect(event.title).toBe('Countess');
  });

  it('gives an instance of the class, with its getters and methods', () => {
    const event = decode(recorded('PersonNamed', 1, { fullName: 'Ada Lovelace' }));
    expect(event).toBeInstanceOf(PersonNamed);
    expect(event.constructor).toBe(PersonNamed);
    expect(event.initials).toBe('AL');
    expect(event.isCalled('Ada')).toBe(true);
  });

  it('does not run the constructor, whose checks may be younger than the event', () => {
    @DomainEvent('Strict')
    class Strict {
      constructor(readonly value: number) {
        if (value === undefined) throw new Error('A value is needed.');
      }
    }
    registry.register(Strict);
    expect(registry.decode(recorded('Strict', 1, { value: 1 }))).toBeInstanceOf(Strict);
  });

  it('gives a frozen event', () => {
    const event = decode(recorded('PersonNamed', 2, { first: 'Ada', last: 'Lovelace' }));
    expect(Object.isFrozen(event)).toBe(true);
    expect(() => Object.assign(event, { first: 'Grace' })).toThrow(TypeError);
  });

  it('gives back what was encoded', () => {
    const event = new PersonNamed('Ada', 'Lovelace', 'none');
    const { type, schemaVersion, data } = registry.encode(event);
    expect(decode(recorded(type, schemaVersion, data))).toEqual(event);
  });

  it('leaves what is recorded as it is', () => {
    const event = recorded('PersonNamed', 1, { fullName: 'Ada Lovelace' });
    decode(event);
    expect(event.data).toEqual({ fullName: 'Ada Lovelace' });
    expect(event.schemaVersion).toBe(1);
  });

  it('refuses an upcaster that changes its argument, and leaves what is recorded as it is', () => {
    @DomainEvent('Careless', { version: 2, upcasters: { 1: renameInPlace } })
    class Careless {}
    registry.register(Careless);
    const event = recorded('Careless', 1, { old: 1, nested: { list: [1] } });
    expect(() => registry.decode(event)).toThrow(
      /^The event at position 1 \("Careless", schema version 1\) was not upcast: the step from 1 to 2 changes its argument \(.*\)\. Give a new object\.$/,
    );
    expect(event.data).toEqual({ old: 1, nested: { list: [1] } });
  });

  it('refuses a type that no class is registered for, and says what to keep', () => {
    const unknown = recorded('PersonForgotten', 1, {});
    expect(() => registry.decode(unknown)).toThrow(UnknownEventTypeError);
    expect(() => registry.decode(unknown)).toThrow(
      'No class is registered for the stored event type "PersonForgotten". Keep the class',
    );
  });

  it('refuses a schema version that a newer program wrote, and says what to deploy', () => {
    const newer = recorded('PersonNamed', 4, {});
    expect(() => registry.decode(newer)).toThrow(UnknownSchemaVersionError);
    expect(() => registry.decode(newer)).toThrow(
      '"PersonNamed" is stored with schema version 4, but this program knows 3. Deploy the newer one.',
    );
  });
});

function renameInPlace(data: EventData): EventData {
  const changed = data as { old?: unknown; new?: unknown; nested: { list: number[] } };
  changed.new = changed.old;
  delete changed.old;
  changed.nested.list.push(2);
  return data;
}
