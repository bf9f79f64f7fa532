/** The class of a domain event: `EventClass<UserCreated>` is the class, `UserCreated` an instance. */
export type EventClass<E extends object = object> = new (...args: never[]) => E;

export function className(value: object): string {
  return value.constructor.name;
}
