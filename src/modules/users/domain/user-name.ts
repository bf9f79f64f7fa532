import { InvalidUserNameError } from './user-errors';

const maxCharacters = 200;

/** A name as people write it: 1 to 200 characters after trimming, in any script, one of them to be seen, none a control character. */
export class UserName {
  private constructor(readonly value: string) {}

  /** @throws InvalidUserNameError */
  static of(text: string): UserName {
    const problem = UserName.problem(text);
    if (problem) throw new InvalidUserNameError(`A name ${problem}.`);
    return new UserName(text.trim());
  }

  /** What is wrong with a name, as the end of a sentence; undefined when nothing is. */
  static problem(text: string): string | undefined {
    const characters = Array.from(text.trim()).length;
    if (characters < 1 || characters > maxCharacters) return `must have 1 to ${maxCharacters} characters`;
    if (/\p{Cc}/u.test(text.trim())) return 'must not contain control characters';
    if (!text.isWellFormed()) return 'must not contain lone surrogates';
    if (text.includes('\ufffd')) return 'must not contain U+FFFD, the mark of a character that was lost';
    if (!hasVisible(text)) return 'must have a character that can be seen';
    return undefined;
  }
}

/** Joiners, fillers and marks of direction have their place beside characters that can be seen, not alone. */
function hasVisible(text: string): boolean {
  return /[^\p{Cf}\p{Default_Ignorable_Code_Point}\p{Z}\u2800]/u.test(text);
}
