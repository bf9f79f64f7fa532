import { InvalidUserNameError } from './user-errors';
import { UserName } from './user-name';

describe('a user name', () => {
  it.each(['A', 'Ada Lovelace', '山田 太郎', 'ابن سينا', "O'Brien-Σ", '👩‍👩‍👧'])('may be %s', (name) => {
    expect(UserName.of(name).value).toBe(name);
  });

  it('is kept without the spaces around it, and with those inside', () => {
    expect(UserName.of(' \t\n\u00a0\ufeffAda  Lovelace\u3000\r\n').value).toBe('Ada  Lovelace');
  });

  it.each([
    ['letters', 'a'],
    ['emoji, which count as one character each', '😀'],
    ['characters that combine', '\u0301'],
  ])('has up to 200 characters: %s', (_what, character) => {
    expect(UserName.of(character.repeat(200)).value).toBe(character.repeat(200));
    expect(() => UserName.of(character.repeat(201))).toThrow(InvalidUserNameError);
  });

  it('is measured after trimming', () => {
    expect(UserName.of(` ${'a'.repeat(200)} `).value).toHaveLength(200);
  });

  it.each(['', '   ', '\t\r\n', '\u2003\ufeff'])('is not empty: %j', (name) => {
    expect(() => UserName.of(name)).toThrow('A name must have 1 to 200 characters.');
  });

  it.each(['a\u0000b', 'a\tb', 'a\nb', 'a\u001bb', 'a\u007f', '\u0085a', 'a\u009f'])(
    'has no control characters: %j',
    (name) => {
      expect(() => UserName.of(name)).toThrow(InvalidUserNameError);
      expect(UserName.problem(name)).toBe('must not contain control characters');
    },
  );

  it.each(['\ud800', 'a\udc00', '\ude00\ud83d', ' a\ud83d '])('has no lone surrogates: %j', (name) => {
    expect(() => UserName.of(name)).toThrow(InvalidUserNameError);
    expect(UserName.problem(name)).toBe('must not contain lone surrogates');
  });

  it.each(['\u200b', '\u202e \u2060', '\u00ad', '\u3164', '\ufe0f', '\u2800'])(
    'has a character that can be seen: %j',
    (name) => {
      expect(UserName.problem(name)).toBe('must have a character that can be seen');
    },
  );

  it('has no mark of a lost character', () => {
    expect(UserName.problem('J\ufffdrgen')).toMatch('U+FFFD');
  });

  it('is refused as a value that can never be accepted, with a stable code', () => {
    expect(refusalOf('')).toMatchObject({ code: 'user-name.invalid', kind: 'invalid' });
  });

  it('has no problem when it is fine', () => {
    expect(UserName.problem(' Ada ')).toBeUndefined();
  });
});

function refusalOf(name: string): unknown {
  try {
    return UserName.of(name);
  } catch (error) {
    return error;
  }
}
