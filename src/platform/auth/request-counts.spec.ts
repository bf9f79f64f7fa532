import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { RequestCounts } from './request-counts';

const windowMs = 10_000;
const partMs = 1_000;
const limit = 5;

/** Asks at the given times of one clock, as the guard does; true where the request may go on. */
async function ask(requests: readonly { readonly key: string; readonly at: number }[]): Promise<boolean[]> {
  let now = 0;
  const counts = new RequestCounts(() => now);
  const answers: boolean[] = [];
  for (const { key, at } of requests) {
    now = at;
    const { isBlocked, timeToBlockExpire } = await counts.increment(
      key,
      windowMs,
      limit,
      windowMs,
      'default',
    );
    expect(isBlocked).toBe(timeToBlockExpire > 0);
    answers.push(!isBlocked);
  }
  return answers;
}

const requests = fc
  .array(fc.record({ key: fc.constantFrom('a', 'b'), after: fc.integer({ min: 0, max: 4_000 }) }), {
    maxLength: 200,
  })
  .map((steps) => {
    let at = 123_456;
    return steps.map(({ key, after }) => ({ key, at: (at += after) }));
  });

describe('RequestCounts', () => {
  const seed = randomInt(2 ** 31);

  it(`lets no more than the limit pass in any window, and refuses nobody for nothing (seed ${seed})`, async () => {
    const property = fc.asyncProperty(requests, async (sent) => {
      const answers = await ask(sent);
      for (const key of ['a', 'b']) {
        const own = sent.flatMap((request, index) =>
          request.key === key ? [{ at: request.at, passed: answers[index] }] : [],
        );
        own.forEach(({ at, passed }, index) => {
          const passedIn = (ms: number) =>
            own.slice(0, index).filter((other) => other.passed && other.at > at - ms).length;
          const wasRefused = own.slice(0, index).some((other) => !other.passed && other.at > at - windowMs);
          if (passed) expect(passedIn(windowMs)).toBeLessThan(limit);
          else expect(wasRefused || passedIn(windowMs + partMs) >= limit).toBe(true);
        });
      }
    });
    await fc.assert(property, { seed, numRuns: 1_000 });
  });

  it('blocks who goes over the limit for one window, tells how long, and begins anew', async () => {
    let now = 5_000;
    const counts = new RequestCounts(() => now);
    const count = () => counts.increment('a', windowMs, limit, windowMs, 'default');
    for (let sent = 1; sent <= limit; sent++)
      expect(await count()).toMatchObject({ totalHits: sent, isBlocked: false, timeToBlockExpire: 0 });
    expect(await count()).toMatchObject({ totalHits: 6, isBlocked: true, timeToBlockExpire: 10 });
    now += 8_500;
    expect(await count()).toMatchObject({ isBlocked: true, timeToBlockExpire: 2 });
    now += 1_500;
    expect(await count()).toMatchObject({ totalHits: 1, isBlocked: false });
  });

  it('counts for each throttler on its own', async () => {
    const counts = new RequestCounts(() => 1);
    for (const throttler of ['short', 'long'])
      expect(await counts.increment('a', windowMs, 1, windowMs, throttler)).toMatchObject({
        isBlocked: false,
      });
  });

  it('forgets callers who have left, and no caller who has to wait', async () => {
    let now = 1;
    const counts = new RequestCounts(() => now);
    const kept = () => Reflect.get(counts, 'counts') as ReadonlyMap<string, unknown>;
    for (let caller = 0; caller < 100; caller++)
      await counts.increment(`${caller}`, windowMs, 1, windowMs, 't');
    now = 9_999;
    await counts.increment('7', windowMs, 1, windowMs, 't');
    now = 12_500;
    await counts.increment('new', windowMs, 1, windowMs, 't');
    expect([...kept().keys()]).toEqual(['t 7', 't new']);
  });
});
