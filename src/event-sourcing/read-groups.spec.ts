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

  it('gather what is asked while two queries are under way', async () => {
    const { groups, queries, asked } = reads();
    const all = ['a', 'b', 'c', 'd', 'c'].map((question) => groups.get(question));
    expect(asked()).toEqual([['a'], ['b']]);
    queries[0]?.answer('A');
    await settled();
    expect(asked()).toEqual([['a'], ['b'], ['c', 'd', 'c']]);
    queries[1]?.answer('B');
    queries[2]?.answer('C', 'D', 'C again');
    expect(await Promise.all(all)).toEqual(['A', 'B', 'C', 'D', 'C again']);
  });

  it('let who was answered come back before the next group goes', async () => {
    const { groups, queries, asked } = reads();
    const again = groups.get('a').then(() => groups.get('a again'));
    const others = ['b', 'c', 'd'].map((question) => groups.get(question));
    queries[0]?.answer('A');
    await settled();
    expect(asked()).toEqual([['a'], ['b'], ['c', 'd', 'a again']]);
    queries[1]?.answer('B');
    queries[2]?.answer('C', 'D', 'A');
    expect(await Promise.all([...others, again])).toEqual(['B', 'C', 'D', 'A']);
  });

  it('do not wait for ever behind queries that hang', async () => {
    const { groups, queries, asked } = reads();
    const [, , third] = ['a', 'b', 'c'].map((question) => groups.get(question));
    await until(() => queries.length === 3);
    expect(asked()).toEqual([['a'], ['b'], ['c']]);
    queries[2]?.answer('C');
    expect(await third).toBe('C');
  });

  it('put 128 questions in one query, no more', () => {
    const { groups, asked } = reads();
    for (let question = 0; question < 140; question++) void groups.get(String(question));
    expect(asked().map(({ length }) => length)).toEqual([1, 1, 128]);
  });

  it('never answer from a query that began before the question was asked', async () => {
    const { groups, queries, asked } = reads();
    const [before, after] = [groups.get('a'), groups.get('a')];
    expect(asked()).toEqual([['a'], ['a']]);
    queries[0]?.answer('old');
    queries[1]?.answer('new');
    expect(await Promise.all([before, after])).toEqual(['old', 'new']);
  });

  it('tell a failure to those who asked in that group, and go on', async () => {
    const { groups, queries, asked } = reads();
    const [first, second, third] = ['a', 'b', 'c'].map((question) => groups.get(question));
    queries[0]?.fail();
    await expect(first).rejects.toThrow('away');
    await settled();
    queries[2]?.fail();
    await expect(third).rejects.toThrow('away');
    const fourth = groups.get('d');
    await settled();
    expect(asked()).toEqual([['a'], ['b'], ['c'], ['d']]);
    queries[1]?.answer('B');
    queries[3]?.answer('D');
    expect(await Promise.all([second, fourth])).toEqual(['B', 'D']);
  });

  it('ask alone in the context of the caller, and together in none', async () => {
    const { groups, queries } = reads();
    context.run('mine', () => {
      for (const question of ['a', 'b', 'c', 'd']) void groups.get(question);
    });
    context.run('another', () => queries[0]?.answer('A'));
    await until(() => queries.length === 3);
    expect(queries.map((query) => query.context)).toEqual(['mine', 'mine', undefined]);
  });
});
