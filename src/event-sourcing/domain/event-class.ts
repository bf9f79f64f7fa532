/** The class of a domain event: `EventClass<UserCreated>` is the class, `UserCreated` an instance. */
export type EventClass<E extends object = object> = new (...args: never[]) => E;

export function className(value: object): string {
  return value.constructor.name;
}

/** Why there are two classes of one name, and the mend. */
export const loadedTwice =
  'the file of the class is loaded twice, by two paths (a link, a copy in dist, other capitals). Import it by one path.';
