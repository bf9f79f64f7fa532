import { domainEventDefinition, DomainEventDefinition, EventClass, EventData } from '../domain';
import { anotherCopy, isOfAnotherCopy } from '../domain/decorated-classes';
import { appendLimits } from './append-limits';
import { EventSourcingError } from './errors';
import { RecordedEvent } from './event-envelope';

/** Found while the application starts: it must not start. */
export class EventRegistrationError extends EventSourcingError {}

/** The log holds an event that no registered class stands for. To skip it would be to lose it. */
export class UnknownEventTypeError extends EventSourcingError {
  constructor(readonly type: string) {
    super(
      `No class is registered for the stored event type "${type}". Keep the class and its @On methods for as long as its events are stored.`,
    );
  }
}

/** The log holds an event of a later schema than this program knows: a newer program wrote it. */
export class UnknownSchemaVersionError extends EventSourcingError {
  constructor(type: string, stored: number, known: number) {
    super(
      `"${type}" is stored with schema version ${stored}, but this program knows ${known}. Deploy the newer one.`,
    );
  }
}

/** Knows the class of every stored event type, and turns one into the other. */
export class EventRegistry {
  private readonly classes = new Map<string, EventClass>();
  private sealed = false;

  /**
   * Idempotent for the same class.
   * @throws EventRegistrationError for an undecorated class, a type with two classes, a missing upcast step, or a class that
   * comes after the start.
   */
  register(eventClass: EventClass): void {
    const definition = this.definition(eventClass);
    if (definition.type === '' || definition.type.length > appendLimits.nameLength) {
      throw new EventRegistrationError(
        `${eventClass.name} is stored as "${definition.type}". Give it a type of 1 to ${appendLimits.nameLength} characters.`,
      );
    }
    const known = this.classes.get(definition.type);
    if (known && known !== eventClass) {
      throw new EventRegistrationError(
        `${known.name} and ${eventClass.name} both store events as "${definition.type}". Give one of them another @DomainEvent type.`,
      );
    }
    checkUpcasters(eventClass, definition);
    if (this.sealed && !known) {
      throw new EventRegistrationError(
        `${eventClass.name} is registered after the start: until now its events would have stopped every subscription. ` +
          'Import the module that handles it when the application starts; do not load it lazily.',
      );
    }
    this.classes.set(definition.type, eventClass);
  }

  /** All classes, once the application has started. */
  all(): readonly EventClass[] {
    return [...this.classes.values()];
  }

  /** From now on no class may be added: the subscriptions begin to read the log. */
  seal(): void {
    this.sealed = true;
  }

  get isSealed(): boolean {
    return this.sealed;
  }

  /** @throws UnknownEventTypeError */
  classOf(type: string): EventClass {
    const eventClass = this.classes.get(type);
    if (!eventClass) throw new UnknownEventTypeError(type);
    return eventClass;
  }

  /** What is stored of an event. */
  encode(event: object): { readonly type: string; readonly schemaVersion: number; readonly data: EventData } {
    const { type, version } = this.definition(event.constructor as EventClass);
    return { type, schemaVersion: version, data: { ...event } };
  }

  /**
   * The event as an instance of its class, raised to its current schema, and frozen.
   * @throws UnknownEventTypeError, UnknownSchemaVersionError
   */
  decode(recorded: RecordedEvent): object {
    const eventClass = this.classOf(recorded.type);
    const event = Object.create(eventClass.prototype as object) as object;
    return Object.freeze(Object.assign(event, this.upcast(recorded, this.definition(eventClass))));
  }

  private upcast(recorded: RecordedEvent, { type, version, upcasters }: DomainEventDefinition): EventData {
    if (recorded.schemaVersion > version) {
      throw new UnknownSchemaVersionError(type, recorded.schemaVersion, version);
    }
    if (recorded.schemaVersion === version) return recorded.data;
    // A copy: an upcaster that changes its argument must not change what was recorded.
    let data = JSON.parse(JSON.stringify(recorded.data)) as EventData;
    for (let from = recorded.schemaVersion; from < version; from++) data = upcasters[from]?.(data) ?? data;
    return data;
  }

  private definition(eventClass: EventClass): DomainEventDefinition {
    const definition = domainEventDefinition(eventClass);
    if (definition) return definition;
    if (isOfAnotherCopy(eventClass, 'DomainEvent')) {
      throw new EventRegistrationError(anotherCopy(eventClass.name, 'DomainEvent'));
    }
    throw new EventRegistrationError(
      `${eventClass.name} has no stored name. Decorate it: @DomainEvent('${eventClass.name}').`,
    );
  }
}

function checkUpcasters(eventClass: EventClass, { version, upcasters }: DomainEventDefinition): void {
  if (!Number.isInteger(version) || version < 1 || version > 32_767) {
    throw new EventRegistrationError(`${eventClass.name} has version ${version}. Use 1, 2, 3 …`);
  }
  const idle = Object.keys(upcasters).find((from) => Number(from) >= version);
  if (idle !== undefined) {
    throw new EventRegistrationError(
      `${eventClass.name} is at version ${version}, so its step from ${idle} would never run. Raise the version.`,
    );
  }
  for (let from = 1; from < version; from++) {
    if (upcasters[from]) continue;
    throw new EventRegistrationError(
      `${eventClass.name} is at version ${version} but has no step from ${from}. Add it: @DomainEvent(…, { version: ${version}, upcasters: { ${from}: (data) => … } }).`,
    );
  }
}
