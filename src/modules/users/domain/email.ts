import type { Claim } from '../../../event-sourcing/domain';
import { EmailTakenError, InvalidEmailError } from './user-errors';

const maxLength = 254;

/**
 * An e-mail address in the one form that is stored and compared: trimmed and in lower case. Whether an address is well
 * formed is decided where it comes in; here it must only look like one.
 */
export class Email {
  private constructor(readonly value: string) {}

  /** @throws InvalidEmailError */
  static of(text: string): Email {
    const value = lowerCase(text.trim());
    if (value.length > maxLength)
      throw new InvalidEmailError(`An e-mail address has at most ${maxLength} characters.`);
    if (!value.isWellFormed() || !/^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(value))
      throw new InvalidEmailError('This is no e-mail address.');
    return new Email(value);
  }

  /** An address as it was stored: it was good then, and no stricter rule makes it another. */
  static stored(value: string): Email {
    return new Email(value);
  }

  /** Only one user at a time has it. */
  get claim(): Claim {
    return { scope: 'user.email', value: withoutCase(this.value), whenTaken: () => new EmailTakenError() };
  }

  equals(other: Email): boolean {
    return withoutCase(this.value) === withoutCase(other.value);
  }
}

/**
 * Lower case, character by character: so a piece of an address in lower case is a piece of the address in lower case
 * (not so for the whole text at once, where a Greek sigma depends on its neighbours).
 */
export function lowerCase(text: string): string {
  // Letters of ASCII have no such neighbours, and most addresses are of them.
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase();
  return Array.from(text, (character) => character.toLowerCase()).join('');
}

/** For comparing without regard to case: the two lower-case sigmas of Greek are one letter. */
export function withoutCase(text: string): string {
  return lowerCase(text).replaceAll('ς', 'σ');
}
