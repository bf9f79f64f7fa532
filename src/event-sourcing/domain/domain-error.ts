import { ErrorKind, EventSourcingError, recognizeInAllCopies } from './event-sourcing-error';

/** `rule`: the state forbids it. `conflict`: another has it. `invalid`: the value can never be accepted. */
export type DomainErrorKind = Extract<ErrorKind, 'rule' | 'conflict' | 'invalid'>;

/** A refusal that callers may rely on: `code` is stable (`user.deactivated`), the message is for people. */
export abstract class DomainError extends EventSourcingError {
  abstract override readonly code: string;
  override readonly kind: DomainErrorKind = 'rule';
}

recognizeInAllCopies(DomainError, 'DomainError');
