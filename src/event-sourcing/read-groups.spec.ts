import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { ReadGroups } from './read-groups';

interface Query {
  readonly asked: readonly string[];
  readonly context: string | undefined;
  answer(...answers: string[]): void;
  fail(): void;
}

const context = new AsyncLocalStorage<string>();

/** Reads whose queries are answered by the test. */
function reads() {
  const queries: Query[] = [];
  const groups = new ReadGroups<string, string>(
    (asked) =>
      new Promise((resolve, reject) => {
        queries.push({
          asked,
          context: context.getStore(),
          answer: (...answers) => resolve(answers),
          fail: () => reject(new Error('away')),
        });
      }),
  );
  return { groups, queries, asked: () => queries.map((query) => query.asked) };
}

/** With the queries of `a` and `b` under way. */
async function twoUnderWay() {
  const read = reads();
  void read.groups.get('a');
  void read.groups.get('b');
  await settled();
  return read;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(1);
}

/** A turn of the event loop for the answer, and one for who comes back with it. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('ReadGroups', () => {
  it('ask at once, and alone, at rest', async () => {
    const { groups, queries, asked } = reads();
    const answer = groups.get('a');
    expect(asked()).toEqual([['a']]);
    queries[0]?.answer('A');
    expect(await answer).toBe('A');
  });

  it('gather what is asked in the same turn of the event loop', async () => {
    const { groups, queries, asked } = reads();
    const all = ['a', 'b', 'c', 'b'].map((question) => groups.get(question));
    expect(asked()).toEqual([['a']]);
    await settled();
    expect(asked()).toEqual([['a'], ['b', 'c', 'b']]);
    queries[1]?.answer('B', 'C', 'B again');
    queries[0]?.answer('A');
    expect(await Promise.all(all)).toEqual(['A', 'B', 'C', 'B again']);
  });

  it('gather what is asked while two queries are under way', async () => {
    const { groups, queries, asked } = await twoUnderWay();
    const [c, d] = ['c', 'd'].map((question) => groups.get(question));
    await settled();
    expect(asked()).toEqual([['a'], ['b']]);
    queries[0]?.answer('A');
    await settled();
    expect(asked()).toEqual([['a'], ['b'], ['c', 'd']]);
    queries[2]?.answer('C', 'D');
    expect(await Promise.all([c, d])).toEqual(['C', 'D']);
  });

  it('let who was answered come back before the next group goes', async () => {
    const { groups, queries, asked } = await twoUnderWay();
    const again = groups.get('c').then(() => groups.get('c again'));
    queries[0]?.answer('A');
    await settled();
    const waiting = groups.get('d');
    queries[1]?.answer('B');
    queries[2]?.answer('C');
    await settled();
    expect(asked()).toEqual([['a'], ['b'], ['c'], ['d', 'c again']]);
    queries[3]?.answer('D', 'C');
    expect(await Promise.all([waiting, again])).toEqual(['D', 'C']);
  });

  it('do not wait for ever behind queries that hang', async () => {
    const { groups, queries, asked } = await twoUnderWay();
    const third = groups.get('c');
    await until(() => queries.length === 3);
    expect(asked()).toEqual([['a'], ['b'], ['c']]);
    queries[2]?.answer('C');
    expect(await third).toBe('C');
  });

  it('put 128 questions in one query, no more', () => {
    const { groups, asked } = reads();
    for (let question = 0; question < 140; question++) void groups.get(String(question));
    expect(asked().map(({ length }) => length)).toEqual([1, 128]);
  });

  it('never answer from a query that began before the question was asked', async () => {
    const { groups, queries, asked } = reads();
    const before = groups.get('a');
    const after = groups.get('a');
    await settled();
    expect(asked()).toEqual([['a'], ['a']]);
    queries[0]?.answer('old');
    queries[1]?.answer('new');
    expect(await Promise.all([before, after])).toEqual(['old', 'new']);
  });

  it('tell a failure to those who asked in that query, and go on', async () => {
    const { groups, queries, asked } = reads();
    const [first, ...others] = ['a', 'b', 'c'].map((question) => groups.get(question));
    queries[0]?.fail();
    await expect(first).rejects.toThrow('away');
    await settled();
    queries[1]?.fail();
    for (const other of others) await expect(other).rejects.toThrow('away');
    await settled();
    const fourth = groups.get('d');
    expect(asked()).toEqual([['a'], ['b', 'c'], ['d']]);
    queries[2]?.answer('D');
    expect(await fourth).toBe('D');
  });

  it('fail who asked when answers are missing, or when nothing could be asked', async () => {
    const { groups, queries } = reads();
    const short = ['a', 'b', 'c'].map((question) => groups.get(question));
    await settled();
    queries[0]?.answer();
    queries[1]?.answer('B');
    for (const failing of short) await expect(failing).rejects.toThrow(/questions were asked at once/);
    const broken = new ReadGroups<string, string>(() => {
      throw new Error('broken');
    });
    for (const failing of ['a', 'b', 'c'].map((question) => broken.get(question)))
      await expect(failing).rejects.toThrow('broken');
  });

  it('ask alone in the context of the caller, and together in none', async () => {
    const { groups, queries } = reads();
    context.run('mine', () => {
      for (const question of ['a', 'b', 'c']) void groups.get(question);
    });
    await settled();
    context.run('another', () => void groups.get('d'));
    await until(() => queries.length === 3);
    expect(queries.map((query) => query.context)).toEqual(['mine', undefined, undefined]);
  });
});
