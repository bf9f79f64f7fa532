import { DomainError } from './domain-error';

/** A value that only one stream at a time may hold, such as an e-mail address. */
export interface Claim {
  /** What kind of value it is: `user.email`. Values of different scopes never collide. */
  readonly scope: string;
  readonly value: string;
  /** The refusal to give when another stream holds the value. Without it, callers get the store's own error. */
  readonly whenTaken?: () => DomainError;
}
