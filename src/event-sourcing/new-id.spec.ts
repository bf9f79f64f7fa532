import { validate, version } from 'uuid';
import { newId } from './new-id';

describe('a new id', () => {
  it('is a UUID of version 7, as a library reads it', () => {
    for (let n = 0; n < 1_000; n++) expect([validate(newId()), version(newId())]).toEqual([true, 7]);
  });

  it('has chance of its own in every digit behind the time, but for version and variant', () => {
    const ids = Array.from({ length: 2_000 }, newId);
    const digits = Array.from({ length: 22 }, (_, at) => ids.map((id) => id[14 + at]).join(''));
    expect(digits.map((values) => new Set(values).size).join(' ')).toBe(
      '1 16 16 16 1 4 16 16 16 1 16 16 16 16 16 16 16 16 16 16 16 16',
    );
    expect(new Set(digits).size).toBe(digits.length - 1); // two dashes
  });

  it('is made once', () => {
    expect(new Set(Array.from({ length: 10_000 }, newId)).size).toBe(10_000);
  });

  it('sorts behind the ids of earlier milliseconds, and carries the time', () => {
    jest.spyOn(Date, 'now').mockReturnValueOnce(1_700_000_000_000).mockReturnValueOnce(1_700_000_000_001);
    const [earlier, later] = [newId(), newId()];
    expect(earlier < later).toBe(true);
    expect(Number.parseInt(earlier.replace('-', '').slice(0, 12), 16)).toBe(1_700_000_000_000);
    jest.restoreAllMocks();
  });
});
