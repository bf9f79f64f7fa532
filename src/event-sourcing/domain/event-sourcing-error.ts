/**
 * What an error means to the code that catches it.
 *
 * - `invalid`: the request or the value can never be accepted as it is.
 * - `not-found`: the thing that is named does not exist.
 * - `conflict`: the stored state is another one than expected. Load again, then decide again.
 * - `rule`: the state of the moment forbids it.
 * - `unavailable`: a server, or a part of this program, cannot do it now. Try again later.
 * - `defect`: a mistake in the program, or damaged data. To try again changes nothing.
 */
export type ErrorKind = 'invalid' | 'not-found' | 'conflict' | 'rule' | 'unavailable' | 'defect';

const brands = new WeakMap<object, symbol>();

/** Makes `instanceof` of this class true for the errors of every copy of the package that the process has loaded. */
export function recognizeInAllCopies(errorClass: { readonly prototype: object }, name: string): void {
  const brand = Symbol.for(`@annals/nestjs ${name}`);
  brands.set(errorClass, brand);
  Object.defineProperty(errorClass.prototype, brand, { value: true });
}

/**
 * Every error that the kernel throws on purpose, and every refusal of a domain. Tell errors apart by `code`: it is stable and unique,
 * and it is the same where a process has loaded two copies of the package. The message is for people.
 */
export abstract class EventSourcingError extends Error {
  static override [Symbol.hasInstance](this: unknown, value: unknown): boolean {
    const brand = brands.get(this as object);
    if (brand === undefined) return Function.prototype[Symbol.hasInstance].call(this as never, value);
    return typeof value === 'object' && value !== null && brand in value;
  }

  /** Parts joined by dots, the thing first: `stream.version-conflict`. */
  abstract readonly code: string;
  abstract readonly kind: ErrorKind;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

recognizeInAllCopies(EventSourcingError, 'EventSourcingError');

/** The kind of an error of the kernel or of a domain; undefined for anything else that was thrown. */
export function kindOf(error: unknown): ErrorKind | undefined {
  return error instanceof EventSourcingError ? error.kind : undefined;
}
