import * as fc from 'fast-check';
import { inexactNumberIn, isExactNumber } from './exact-numbers';

const exact = [
  '0',
  '1',
  '-1',
  '0.1',
  '-0.5',
  '1.0',
  '1.50',
  '100',
  '1e5',
  '1E+5',
  '15e-1',
  '0.000001',
  '1e-7',
  '5e-324',
  '0.0',
  '0e5',
  '9007199254740991',
  '-9007199254740991',
  '9007199254740992',
  '1e21',
  '1.7976931348623157e308',
  '0.30000000000000004',
  '123456789012345.6',
  '1000000000000000000000',
];
const inexact = [
  '9007199254740993',
  '-9007199254740993',
  '12345678901234567890',
  '9007199254740993.0',
  '9007199254740993e0',
  '9007199254740992.5',
  '0.1000000000000000055511151231257827',
  '3.14159265358979323846',
  '1e400',
  '-1e400',
  '1e-400',
  '-0',
  '-0.0',
  '-0e5',
  '123456789.123456789',
  '1.7976931348623157000001e308',
  '4.9406564584124654e-324',
];

describe('a number', () => {
  it.each(exact)('%s comes back as it went', (literal) => {
    expect(isExactNumber(literal)).toBe(true);
    expect(inexactNumberIn(`{"n":${literal},"m":[${literal} , {"o" :\n${literal}}]}`)).toBeUndefined();
  });

  it.each(inexact)('%s does not, and is found with its place', (literal) => {
    expect(isExactNumber(literal)).toBe(false);
    const places = [
      [`{"n":${literal}}`, '.n'],
      [`{"a":1,"n" :\n ${literal} }`, '.n'],
      [`{"lines":[{"n":1},{"n":[2,${literal}]}]}`, '.lines[1].n[1]'],
      [`{"text":"say \\"5\\\\","n":${literal},"m":"\\\\"}`, '.n'],
      [`{"text":"12345678901234567890 1e400 -0","":{"a b":${literal}}}`, '..a b'],
    ] as const;
    for (const [text, path] of places) expect(inexactNumberIn(text)).toEqual({ literal, path });
  });

  it('of any double, as JavaScript writes it, comes back', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (double) => {
        fc.pre(!Object.is(double, -0));
        expect(inexactNumberIn(`[${double}]`)).toBeUndefined();
      }),
    );
  });

  it('comes back when it is whole and below 2^53, and not when one is added beyond', () => {
    fc.assert(fc.property(fc.maxSafeInteger(), (whole) => expect(isExactNumber(String(whole))).toBe(true)));
    fc.assert(
      fc.property(fc.bigInt({ min: 2n ** 52n, max: 2n ** 62n }), (half) => {
        expect(isExactNumber(String(2n * half + 1n))).toBe(false);
      }),
    );
  });

  it('in a string is none', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...inexact), (text, literal) => {
        expect(
          inexactNumberIn(JSON.stringify({ text: `${text}${literal}`, [literal]: text })),
        ).toBeUndefined();
      }),
    );
  });
});
