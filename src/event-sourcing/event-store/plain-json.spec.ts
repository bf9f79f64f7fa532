import { toPlainJson } from './plain-json';

class Price {
  amount = 1;
}

const deep = Array.from({ length: 100 }).reduce<unknown>((inner) => [inner], 1);

describe('what is no plain JSON', () => {
  it.each<[unknown, string]>([
    [{ lines: [{ price: 1 }, { price: Number.NaN }] }, 'data.lines[1].price is NaN, which JSON cannot hold.'],
    [{ at: -0 }, 'data.at is -0, which JSON cannot hold.'],
    [{ ids: [1, 2 ** 53] }, 'data.ids[1] is 9007199254740992: a whole number beyond 2^53'],
    [{ id: -1e21 }, 'data.id is -1e+21: a whole number beyond 2^53'],
    [
      { total: { price: new Price() } },
      'data.total.price is a Price, which would come back as something else.',
    ],
    [{ count: 1n }, 'data.count is a bigint, which JSON cannot hold.'],
    [{ names: ['a', 'b\u0000'] }, 'data.names[1] contains NUL'],
    [{ name: '\ud800' }, 'data.name contains a lone surrogate'],
    [{ deep: { '\u0000': 1 } }, 'A member name of data.deep contains NUL'],
    [{ deep: { toJSON: 1 } }, 'data.deep has a member named toJSON.'],
    [{ deep: { [Symbol('s')]: 1 } }, 'data.deep has a symbol as a member name'],
    [{ list: deep }, 'is nested deeper than'],
    [new Date(), 'data is a Date'],
  ])('is told with the way to it: %p', (value, message) => {
    expect(() => toPlainJson(value, 'data')).toThrow(message);
    expect(() => toPlainJson(value, () => 'data')).toThrow(message);
  });

  it('is not put into words where there is nothing to say', () => {
    const label = jest.fn(() => 'data');
    expect(toPlainJson({ a: [1, { b: null, c: undefined }] }, label)).toBe('{"a":[1,{"b":null}]}');
    expect(label).not.toHaveBeenCalled();
  });
});
