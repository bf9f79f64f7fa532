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
      throw new EventRegistrationError(twoClasses(known, eventClass, definition.type));
    }
    checkPrivateMembers(eventClass);
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

  /** What is stored of an event. @throws InvalidAppendError for a member that would not be. */
  encode(event: object): { readonly type: string; readonly schemaVersion: number; readonly data: EventData } {
    const { type, version } = this.definition(event.constructor as EventClass);
    return { type, schemaVersion: version, data: ownMembers(event) };
  }

  /**
   * The event as an instance of its class, raised to its current schema, and frozen.
   * @throws UnknownEventTypeError, UnknownSchemaVersionError, UpcastError, StoredMemberError, InexactNumberError
   */
  decode(recorded: RecordedEvent): object {
    const eventClass = this.classOf(recorded.type);
    const data = upcast(recorded, this.definition(eventClass));
    checkStored(recorded, eventClass, data);
    // Each member is the event's own, also where the class has an accessor of that name by now: it is what was stored.
    return Object.freeze({ __proto__: eventClass.prototype as object, ...data });
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
