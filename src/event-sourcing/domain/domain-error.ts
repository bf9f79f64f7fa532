/** `rule`: the state forbids it. `conflict`: another has it. `invalid`: the value can never be accepted. */
export type DomainErrorKind = 'rule' | 'conflict' | 'invalid';

/** The same in every copy of the package. */
const brand = Symbol.for('@annals/nestjs DomainError');

/** A refusal that callers may rely on: `code` is stable (`user.deactivated`), the message is for people. */
export abstract class DomainError extends Error {
  /** Also one of another copy of the package: it is a refusal all the same. For the classes that extend this one, as usual. */
  static override [Symbol.hasInstance](this: unknown, value: unknown): boolean {
    if (this !== DomainError) return Function.prototype[Symbol.hasInstance].call(this as never, value);
    return typeof value === 'object' && value !== null && brand in value;
  }

  abstract readonly code: string;
  readonly kind: DomainErrorKind = 'rule';

  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

Object.defineProperty(DomainError.prototype, brand, { value: true });
