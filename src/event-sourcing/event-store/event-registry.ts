import { domainEventDefinition, DomainEventDefinition, EventClass, EventData, loadedTwice } from '../domain';
import { anotherCopy, isOfAnotherCopy } from '../domain/decorated-classes';
import { appendLimits } from './append-limits';
import { RecordedEvent } from './event-envelope';
import {
  EventRegistrationError,
  StoredMemberError,
  UnknownEventTypeError,
  UnknownSchemaVersionError,
} from './registry-errors';
import { checkPrivateMembers, memberOfMethod, ownMembers } from './stored-members';
import { upcast } from './upcast';

export { EventRegistrationError, UnknownEventTypeError, UnknownSchemaVersionError };

/** Knows the class of every stored event type, and turns one into the other. */
export class EventRegistry {
  /** By the name that is stored, former ones included. */
  private readonly classes = new Map<string, EventClass>();
  private readonly retired = new Set<string>();
  private sealed = false;

  /**
   * Idempotent for the same class.
   * @throws EventRegistrationError for an undecorated class, a type with two classes, a missing upcast step, or a class that
   * comes after the start.
   */
  register(eventClass: EventClass): void {
    const definition = this.definition(eventClass);
    const names = [definition.type, ...definition.formerly];
    for (const name of names) this.checkName(eventClass, name);
    const known = this.classes.get(definition.type);
    checkPrivateMembers(eventClass);
    checkUpcasters(eventClass, definition);
    if (this.sealed && !known) {
      throw new EventRegistrationError(
        `${eventClass.name} is registered after the start: until now its events would have stopped every subscription. ` +
          'Import the module that handles it when the application starts; do not load it lazily.',
      );
    }
    for (const name of names) this.classes.set(name, eventClass);
  }

  /**
   * Events of this type are passed over from now on: by aggregates, projectors, handlers and the event bus.
   * @throws EventRegistrationError for a type that a class still has.
   */
  retire(type: string): void {
    const eventClass = this.classes.get(type);
    if (eventClass) throw new EventRegistrationError(retiredInUse(eventClass, type));
    this.retired.add(type);
  }

  /** The types that are passed over. */
  get retiredTypes(): readonly string[] {
    return [...this.retired];
  }

  /** All names under which events of the same class as this type are stored, the type itself included. */
  namesOf(type: string): readonly string[] {
    const eventClass = this.classes.get(type);
    if (!eventClass) return [type];
    const definition = this.definition(eventClass);
    return [definition.type, ...definition.formerly];
  }

  /** All classes, once the application has started. */
  all(): readonly EventClass[] {
    return [...new Set(this.classes.values())];
  }

  /** From now on no class may be added: the subscriptions begin to read the log. */
  seal(): void {
    this.sealed = true;
  }

  get isSealed(): boolean {
    return this.sealed;
  }

  /** Undefined for a type that is retired: its events are passed over. @throws UnknownEventTypeError */
  classOf(type: string): EventClass | undefined {
    const eventClass = this.classes.get(type);
    if (!eventClass && !this.retired.has(type)) throw new UnknownEventTypeError(type);
    return eventClass;
  }

  /** What is stored of an event. @throws InvalidAppendError for a member that would not be. */
  encode(event: object): { readonly type: string; readonly schemaVersion: number; readonly data: EventData } {
    const { type, version } = this.definition(event.constructor as EventClass);
    return { type, schemaVersion: version, data: ownMembers(event) };
  }

  /**
   * The event as an instance of its class, raised to its current schema, and frozen; undefined for one of a retired type.
   * @throws UnknownEventTypeError, UnknownSchemaVersionError, UpcastError, StoredMemberError, InexactNumberError
   */
  decode(recorded: RecordedEvent): object | undefined {
    const eventClass = this.classOf(recorded.type);
    if (!eventClass) return undefined;
    const data = upcast(recorded, this.definition(eventClass));
    checkStored(recorded, eventClass, data);
    // Each member is the event's own, also where the class has an accessor of that name by now: it is what was stored.
    return Object.freeze({ __proto__: eventClass.prototype as object, ...data });
  }

  private checkName(eventClass: EventClass, name: string): void {
    if (name === '' || name.length > appendLimits.nameLength) {
      throw new EventRegistrationError(
        `${eventClass.name} is stored as "${name}". Give it a type of 1 to ${appendLimits.nameLength} characters.`,
      );
    }
    const known = this.classes.get(name);
    if (known && known !== eventClass) throw new EventRegistrationError(twoClasses(known, eventClass, name));
    if (this.retired.has(name)) throw new EventRegistrationError(retiredInUse(eventClass, name));
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

function twoClasses({ name }: EventClass, other: EventClass, type: string): string {
  const both = `${name} and ${other.name} both store events as "${type}". Give one of them another @DomainEvent type`;
  return name === other.name ? `${both}; or, if they are one class, ${loadedTwice}` : `${both}.`;
}

function retiredInUse({ name }: EventClass, type: string): string {
  return (
    `The event type "${type}" is retired, and ${name} stores events of it, or did formerly. Take it out of ` +
    'EventSourcingModule.forFeature({ retired }), or remove the class and its @On methods.'
  );
}

function checkStored(recorded: RecordedEvent, eventClass: EventClass, data: EventData): void {
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    throw new StoredMemberError(recorded, 'has data that is no object, so it has no members.');
  const name = memberOfMethod(eventClass, data);
  if (name === undefined) return;
  throw new StoredMemberError(
    recorded,
    `has the member ${name}, and ${eventClass.name} has a method of that name. Rename the method, or raise the version of the class with a step that renames the member.`,
  );
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
