import { AggregateRoot } from '../domain';
import { AggregateCache } from './aggregate-cache';
import { sizeOf } from './size-of';

class Thing extends AggregateRoot {}

const stream = (id: string) => ({ type: 'Thing', id });
const entry = (id: string, size: number) => ({ aggregate: new Thing(id), size });

describe('the aggregate cache', () => {
  it('hands an aggregate out once, so that no two decisions have it at a time', () => {
    const cache = new AggregateCache(10_000);
    const kept = entry('a', 1);
    cache.keep(stream('a'), kept);
    expect(cache.take(stream('a'))).toBe(kept);
    expect(cache.take(stream('a'))).toBeUndefined();
  });

  it('tells streams apart by type and id', () => {
    const cache = new AggregateCache(10_000);
    cache.keep({ type: 'A', id: 'B1' }, entry('1', 1));
    expect(cache.take({ type: 'AB', id: '1' })).toBeUndefined();
  });

  it('stays within its bytes, and gives up what was used longest ago', () => {
    const cache = new AggregateCache(5_000);
    for (const id of ['a', 'b', 'c']) cache.keep(stream(id), entry(id, 1_000));
    cache.keep(stream('a'), cache.take(stream('a')) ?? entry('a', 1_000));
    cache.keep(stream('d'), entry('d', 1_000));
    expect(cache.size).toBeLessThanOrEqual(5_000);
    expect(['a', 'b', 'c', 'd'].filter((id) => cache.take(stream(id)))).toEqual(['a', 'c', 'd']);
    expect(cache.size).toBe(0);
  });

  it('does not keep what is larger than all its bytes, nor anything with none', () => {
    const cache = new AggregateCache(5_000);
    cache.keep(stream('large'), entry('large', 5_000));
    expect(cache.take(stream('large'))).toBeUndefined();
    const none = new AggregateCache(0);
    none.keep(stream('a'), entry('a', 0));
    expect(none.take(stream('a'))).toBeUndefined();
  });

  it('counts an aggregate that is kept anew once', () => {
    const cache = new AggregateCache(5_000);
    for (let n = 0; n < 100; n++) cache.keep(stream('a'), entry('a', 1_000));
    expect(cache.size).toBeLessThan(2_000);
  });
});

describe('the estimated size of an event', () => {
  it.each([
    [{ name: 'Ada', email: 'ada@example.com' }],
    [{ items: Array.from({ length: 50 }, (_, n) => ({ sku: `sku-${n}`, count: n })) }],
    [{ text: 'x'.repeat(10_000), nothing: null, yes: true }],
  ])('is near its JSON: %#', (data) => {
    const json = JSON.stringify(data).length;
    expect(sizeOf(data)).toBeGreaterThan(json * 0.9);
    expect(sizeOf(data)).toBeLessThan(json * 2);
  });
});
