import { LogAges } from './log-ages';

const hour = 3_600;
const second = 1_000;

describe('the age of an event', () => {
  it('is what its stamp says, for one that was there when this process first looked', () => {
    const ages = new LogAges();
    ages.observe(10n, 0, 0);
    expect(ages.age(5n, 90, 2 * second)).toBe(90);
  });

  it.each([hour, -hour, 0])('is at least the time since it was seen, whatever its stamp says: %s', (by) => {
    const ages = new LogAges();
    ages.observe(9n, 0, 0);
    for (const at of [1, 2, 30, 61]) ages.observe(10n, at * second, at * second);
    expect(ages.age(10n, 60 + by, 61 * second)).toBeGreaterThanOrEqual(60);
    expect(ages.age(10n, 60 + by, 61 * second)).toBeLessThanOrEqual(61);
  });

  it('is at most the time since the log was seen without it', () => {
    const ages = new LogAges();
    ages.observe(9n, 0, 0);
    ages.observe(9n, 50 * second, 51 * second);
    ages.observe(12n, 60 * second, 60 * second);
    expect(ages.age(10n, hour, 62 * second)).toBe(12);
    expect(ages.age(10n, 5, 62 * second)).toBe(5);
  });

  it('starts anew with a log that was restored to an earlier state', () => {
    const ages = new LogAges();
    ages.observe(10n, 0, 0);
    ages.observe(5n, 50 * second, 50 * second);
    ages.observe(6n, 60 * second, 60 * second);
    expect(ages.age(6n, -hour, 61 * second)).toBe(1);
  });

  it('is known for days, with few heads remembered', () => {
    const ages = new LogAges();
    const days = 200_000;
    for (let at = 0; at < days; at++) ages.observe(BigInt(at + 1), at * second, at * second);
    expect(ages.age(2n, -hour, days * second)).toBeGreaterThan(days * 0.9);
    expect(Object.values(ages)[0]).toHaveProperty('length', expect.any(Number));
    expect((Object.values(ages)[0] as unknown[]).length).toBeLessThanOrEqual(1_000);
  });
});
