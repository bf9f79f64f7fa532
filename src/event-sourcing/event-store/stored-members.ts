import { EventClass, EventData } from '../domain';
import { InvalidAppendError } from './errors';
import { EventRegistrationError } from './registry-errors';

/** Comments and strings of a program, in which a `#` means nothing. */
const comments = /\/\*[^]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g;

/** The declaration of a member that only the class itself sees; not of a static one, which belongs to no event. */
const privateMember = /[{};\n]\s*(?:(?:async|get|set|accessor)\s+|\*\s*)*(#[\w$]+)/;

/** Members that a stored one would take the place of, and that the class or the kernel calls. */
const methods = new WeakMap<EventClass, readonly string[]>();
const withPrivate = new WeakMap<object, boolean>();

/** Whether the class, or one that it extends, declares a `#private` member. */
export function hasPrivateMember(ofClass: object): boolean {
  const known =
    withPrivate.get(ofClass) ?? classesOf(ofClass as EventClass).some((owner) => privateOf(owner));
  withPrivate.set(ofClass, known);
  return known;
}

/**
 * @throws EventRegistrationError for a `#private` member: no code outside the class sees it, so it can be neither stored nor
 * given back, and what uses it fails on an event that was read.
 */
export function checkPrivateMembers(eventClass: EventClass): void {
  for (const owner of classesOf(eventClass)) {
    const name = privateOf(owner);
    if (name === undefined) continue;
    throw new EventRegistrationError(
      `${eventClass.name} has the member ${name}, which no code outside the class sees: it would not be stored. Write private ${name.slice(1)}, without the #.`,
    );
  }
}

function privateOf(owner: EventClass): string | undefined {
  return privateMember.exec(owner.toString().replaceAll(comments, ''))?.[1];
}

/**
 * The own members of an event. @throws InvalidAppendError for one that the copy has not: it is not enumerable.
 */
export function ownMembers(event: object): EventData {
  const data: EventData = { ...event };
  const names = Reflect.ownKeys(event);
  if (names.length === Reflect.ownKeys(data).length) return data;
  const lost = names.find((name) => !Object.hasOwn(data, name));
  throw new InvalidAppendError(
    `${event.constructor.name} has the member ${String(lost)}, which is not enumerable and would not be stored.`,
  );
}

/** The first stored member that takes the place of a method of the class; undefined where all are right. */
export function memberOfMethod(eventClass: EventClass, data: EventData): string | undefined {
  const known = methods.get(eventClass) ?? methodsOf(eventClass);
  methods.set(eventClass, known);
  for (const name of known) if (Object.hasOwn(data, name)) return name;
  return undefined;
}

/** `constructor`, by which the kernel knows the class, is one of them. */
function methodsOf(eventClass: EventClass): readonly string[] {
  const found = new Set(['__proto__']);
  for (const { prototype } of classesOf(eventClass)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype)))
      if (typeof value === 'function') found.add(name);
  }
  return [...found];
}

/** The class and those that it extends. */
function classesOf(eventClass: EventClass): EventClass<object>[] {
  const classes: EventClass<object>[] = [];
  for (let of: unknown = eventClass; typeof of === 'function' && of !== Function.prototype;) {
    classes.push(of as EventClass<object>);
    of = Object.getPrototypeOf(of);
  }
  return classes;
}
