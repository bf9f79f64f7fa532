/** `rule`: the state forbids it. `conflict`: another has it. `invalid`: the value can never be accepted. */
export type DomainErrorKind = 'rule' | 'conflict' | 'invalid';

/** A refusal that callers may rely on: `code` is stable (`user.deactivated`), the message is for people. */
export abstract class DomainError extends Error {
  abstract readonly code: string;
  readonly kind: DomainErrorKind = 'rule';

  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}
