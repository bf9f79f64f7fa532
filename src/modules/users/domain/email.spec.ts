import fc from 'fast-check';
import { Email, lowerCase } from './email';
import { EmailTakenError, InvalidEmailError } from './user-errors';

/** Text rich in characters whose lower case is longer, shorter or depends on the neighbours elsewhere. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('Σ', 'σ', 'ς', 'İ', 'I', 'ẞ', 'K', '𐐀', ' ', '.', 'a'),
    fc.string({ maxLength: 1, unit: 'binary' }),
  ),
  maxLength: 30,
});

describe('an e-mail address', () => {
  it.each([
    ['  ada@example.com\t\n', 'ada@example.com'],
    ['Ada.Lovelace@EXAMPLE.Com', 'ada.lovelace@example.com'],
    ['ΟΔΥΣΣΕΥΣ@ΙΘΑΚΗ.GR', 'οδυσσευσ@ιθακη.gr'],
    ['İ@example.com', 'i\u0307@example.com'],
  ])('is kept trimmed and in lower case: %j as %j', (given, kept) => {
    expect(Email.of(given).value).toBe(kept);
  });

  it('does not change when it is read again', () => {
    fc.assert(
      fc.property(text, text, (local, domain) => {
        const email = emailOrNothing(`${local}@${domain}`);
        fc.pre(email !== undefined);
        expect(Email.of(email?.value ?? '').value).toBe(email?.value);
      }),
    );
  });

  it('has at most 254 characters after trimming', () => {
    const domain = '@example.com';
    const longest = `${'a'.repeat(254 - domain.length)}${domain}`;
    expect(Email.of(`  ${longest}  `).value).toHaveLength(254);
    expect(() => Email.of(`a${longest}`)).toThrow(InvalidEmailError);
    expect(() => Email.of(`a${longest}`)).toThrow('at most 254 characters');
  });

  it('counts the characters that are kept, where the lower case is longer', () => {
    const domain = '@example.com';
    expect(() => Email.of(`${'İ'.repeat(254 - domain.length)}${domain}`)).toThrow(InvalidEmailError);
  });

  it.each([
    '',
    '   ',
    'ada',
    '@',
    'ada@',
    '@example.com',
    'a@b@c',
    'a b@c',
    'a@b c',
    'a\u0000b@c',
    'a@\u0085',
  ])('%j is none', (given) => {
    expect(() => Email.of(given)).toThrow(InvalidEmailError);
  });

  it('equals another in any case and with any spaces around', () => {
    const email = Email.of('ada@example.com');
    expect(email.equals(Email.of(' ADA@example.COM'))).toBe(true);
    expect(email.equals(Email.of('ada@example.org'))).toBe(false);
  });

  it.each([
    ['j\u00fcrgen@example.com', 'ju\u0308rgen@example.com', 'j\u00fcrgen@example.com'],
    ['a@bücher.example', 'A@bu\u0308cher.Example', 'a@xn--bcher-kva.example'],
    ['a@xn--bcher-kva.example', 'a@bücher.example', 'a@xn--bcher-kva.example'],
    ['\u1e9b\u0323@example.com', '\u017f\u0323\u0307@example.com', '\u1e9b\u0323@example.com'],
  ])('is compared in NFC, with the domain in ASCII, and kept as given: %j and %j', (one, other, key) => {
    expect([Email.of(one).value, Email.of(other).value]).toEqual([one, lowerCase(other)]);
    expect([Email.of(one).claim.value, Email.of(other).claim.value]).toEqual([key, key]);
    expect(Email.of(one).equals(Email.of(other))).toBe(true);
  });

  it('has one key for all its spellings, and the key is a spelling, too', () => {
    fc.assert(
      fc.property(text, text, (local, domain) => {
        const email = emailOrNothing(`${local}@${domain}`);
        fc.pre(email !== undefined);
        const { key, value } = email;
        for (const spelling of [value.normalize('NFD'), value.normalize('NFC'), key])
          expect(Email.stored(lowerCase(spelling)).key).toBe(key);
      }),
    );
  });

  it.each(['a\u200bb@c', 'ab\u00ad@c', '\u202ea@c', 'a\u3164@c', 'a@c\u2060d', 'a\ufffd@c', 'a\u2800@c'])(
    'has no characters that cannot be seen: %j',
    (given) => {
      expect(() => Email.of(given)).toThrow('must not contain characters that cannot be seen');
    },
  );

  it('is claimed by its kept form in the scope of user e-mails', () => {
    const { scope, value } = Email.of(' Ada@Example.com ').claim;
    expect({ scope, value }).toEqual({ scope: 'user.email', value: 'ada@example.com' });
  });

  it('is refused as taken, by a conflict with a stable code, when another holds it', () => {
    const refusal = Email.of('ada@example.com').claim.whenTaken?.();
    expect(refusal).toBeInstanceOf(EmailTakenError);
    expect(refusal).toMatchObject({ code: 'email.taken', kind: 'conflict' });
  });
});

describe('lower case', () => {
  it('turns every sigma into the same one, at the end of a word, too', () => {
    expect(lowerCase('ΣΑΣ ΣΑΣ')).toBe('σασ σασ');
  });

  it('of a piece of an address is a piece of the address in lower case', () => {
    fc.assert(
      fc.property(text, text, text, (before, piece, after) => {
        expect(lowerCase(before + piece + after)).toContain(lowerCase(piece));
      }),
    );
  });

  it('of a whole text at once would not have that property', () => {
    expect('ΑΣΑ'.toLowerCase()).not.toContain('ΑΣ'.toLowerCase());
  });
});

function emailOrNothing(given: string): Email | undefined {
  try {
    return Email.of(given);
  } catch {
    return undefined;
  }
}
