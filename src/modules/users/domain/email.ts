import type { Claim } from '../../../event-sourcing/domain';
import { EmailTakenError, InvalidEmailError } from './user-errors';

const maxLength = 254;

/**
 * An e-mail address. It is stored and shown as it was given, but trimmed and in lower case. It is compared by its key, in
 * which one mailbox has one spelling. Whether an address is well formed is decided where it comes in; here it must only
 * look like one.
 */
export class Email {
  private constructor(readonly value: string) {}

  /** @throws InvalidEmailError */
  static of(text: string): Email {
    const problem = Email.problem(text);
    if (problem) throw new InvalidEmailError(`An e-mail address ${problem}.`);
    return new Email(lowerCase(text.trim()));
  }

  /** What is wrong with an address, as the end of a sentence; undefined when nothing is. */
  static problem(text: string): string | undefined {
    const value = lowerCase(text.trim());
    if (value.length > maxLength) return `has at most ${maxLength} characters`;
    if (!value.isWellFormed() || !/^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(value))
      return 'has one @ with text on both sides, and no spaces';
    return hasUnseen(value) ? 'must not contain characters that cannot be seen' : undefined;
  }

  /** An address as it was stored: it was good then, and no stricter rule makes it another. */
  static stored(value: string): Email {
    return new Email(value);
  }

  /** Only one user at a time has it. */
  get claim(): Claim {
    return { scope: 'user.email', value: this.key, whenTaken: () => new EmailTakenError() };
  }

  /** The form that is compared: one spelling for all spellings of one mailbox. */
  get key(): string {
    if (isAscii(this.value)) return this.value;
    const domain = this.value.lastIndexOf('@') + 1;
    return comparable(this.value.slice(0, domain)) + asciiDomain(this.value.slice(domain));
  }

  equals(other: Email): boolean {
    return this.key === other.key;
  }
}

/** In the composed form of Unicode (NFC), without regard to case. */
export function comparable(text: string): string {
  return isAscii(text) ? text.toLowerCase() : withoutCase(text).normalize('NFC');
}

/** The name of a domain in the DNS (RFC 5891: `xn--…` for letters beyond ASCII). Text that is no domain stays text. */
export function asciiDomain(domain: string): string {
  const text = comparable(domain);
  const host = `http://${text}`;
  const isHost = !isAscii(text) && !/[/?#:@\\%[\]]/.test(text) && URL.canParse(host);
  return isHost ? new URL(host).hostname : text;
}

/** Format characters, characters without a glyph of their own, and the mark of a character that was lost (U+FFFD). */
function hasUnseen(text: string): boolean {
  return /[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800\ufffd]/u.test(text);
}

function isAscii(text: string): boolean {
  return /^[\x00-\x7f]*$/.test(text);
}

/**
 * Lower case, character by character: so a piece of an address in lower case is a piece of the address in lower case
 * (not so for the whole text at once, where a Greek sigma depends on its neighbours).
 */
export function lowerCase(text: string): string {
  // Letters of ASCII have no such neighbours, and most addresses are of them.
  if (isAscii(text)) return text.toLowerCase();
  return Array.from(text, (character) => character.toLowerCase()).join('');
}

/** The two lower-case sigmas of Greek are one letter. */
function withoutCase(text: string): string {
  return lowerCase(text).replaceAll('ς', 'σ');
}
