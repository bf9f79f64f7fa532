import { validate, version } from 'uuid';
import { newId } from './new-id';

describe('a new id', () => {
  it('is a UUID of version 7, as a library reads it', () => {
    for (let n = 0; n < 1_000; n++) expect([validate(newId()), version(newId())]).toEqual([true, 7]);
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
