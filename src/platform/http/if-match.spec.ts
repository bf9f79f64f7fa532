import { versionsOfIfMatch } from './if-match';
import { ValidationFailedError } from './problem';

describe('If-Match', () => {
  it.each([undefined, '*', ' * '])('asks for no version when it is %j', (header) => {
    expect(versionsOfIfMatch(header)).toBeUndefined();
  });

  it.each([
    ['"3"', [3]],
    ['"0"', [0]],
    [' "3" ', [3]],
    ['"1","2"', [1, 2]],
    ['"1" ,\t"2",  "30"', [1, 2, 30]],
    ['"9999999999"', [9_999_999_999]],
  ])('asks for the versions in %j', (header, versions) => {
    expect(versionsOfIfMatch(header)).toEqual(versions);
  });

  it.each([
    ['a weak tag', 'W/"3"'],
    ['an empty tag', '""'],
    ['a tag that is no number', '"abc"'],
    ['a number written otherwise', '"03"'],
    ['a sign', '"-1", "+1"'],
    ['a fraction', '"1.0"'],
    ['more digits than a version has', '"99999999999"'],
    ['a tag that holds a comma', '"1,2"'],
    ['a star as a tag', '"*"'],
  ])('matches nothing with %s', (_what, header) => {
    expect(versionsOfIfMatch(header)).toEqual([]);
  });

  it('keeps the versions between tags that match nothing', () => {
    expect(versionsOfIfMatch('W/"1", "2", "x,y", "3"')).toEqual([2, 3]);
  });

  it.each([
    '',
    ' ',
    '3',
    '"3',
    '3"',
    "'3'",
    '"1" "2"',
    '"1",',
    ',"1"',
    '"1";"2"',
    'w/"3"',
    '*, "3"',
    '"a b"',
    '"a"b"',
  ])('is refused when it is malformed: %j', (header) => {
    expect(() => versionsOfIfMatch(header)).toThrow(ValidationFailedError);
  });

  it('is refused with a pointer to the header, and what it must be', () => {
    expect(errorOf(() => versionsOfIfMatch('3'))).toMatchObject({
      errors: [{ pointer: '#/headers/If-Match', detail: 'must be *, or versions in double quotes: "3"' }],
    });
  });

  it('is read in no time, whatever it holds', () => {
    const started = performance.now();
    expect(() => versionsOfIfMatch(`"1"${' ,'.repeat(20_000)}x`)).toThrow(ValidationFailedError);
    expect(() => versionsOfIfMatch(`"1"${' '.repeat(20_000)}x`)).toThrow(ValidationFailedError);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

function errorOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}
