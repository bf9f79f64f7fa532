import { Logger } from '@nestjs/common';
import { waitUntil } from '../../support/wait-until';
import { handlerOf, OneProcess, ProcessOptions, startProcess } from './one-process';
import { startTallies, TallySystem } from './tally';

/** Longer than any test: what has to wait for it is not done in one. */
const never = 2 ** 31 - 1;

let system: TallySystem;
let one: OneProcess;
/** The positions of the events in each page that was read, and of those that were handled. */
let pages: number[][];
let handled: number[];

async function start(options: ProcessOptions): Promise<void> {
  one = await startProcess(system.database.url, 'one', { pollMs: 600_000, ...options });
  pages = [];
  handled = [];
  const read = one.store.readAll.bind(one.store);
  jest.spyOn(one.store, 'readAll').mockImplementation(async (options) => {
    const page = await read(options);
    pages.push(page.map(({ position }) => Number(position)));
    return page;
  });
  one.run(handlerOf('h', ({ position }) => void handled.push(Number(position))));
  await waitUntil(() => Promise.resolve(pages.length === 1));
  pages.length = 0;
}

async function append(): Promise<number> {
  const event = { type: 'Counted', data: { by: 1 } };
  const stream = { type: 'Tally', id: 'a' };
  const { position } = await one.store.appendToStream(stream, [event], { expectedVersion: 'any' });
  return Number(position);
}

const arrived = async (position: number): Promise<boolean> => {
  await waitUntil(async () => (await one.positions.position('h')) >= BigInt(position));
  return true;
};

beforeEach(async () => {
  for (const level of ['log', 'warn', 'error'] as const)
    jest.spyOn(Logger.prototype, level).mockImplementation();
  system = await startTallies();
});

afterEach(async () => {
  await one.stop();
  await system.close();
  jest.restoreAllMocks();
});

describe('a subscription', () => {
  it('reads one page for each append of its process, and none that is empty', async () => {
    await start({ companyMs: 0 });
    for (let n = 1; n <= 5; n++) {
      expect(await append()).toBe(n);
      expect(await arrived(n)).toBe(true);
    }
    expect(pages).toEqual([[1], [2], [3], [4], [5]]);
  });

  it('reads on when another process has told of an append meanwhile', async () => {
    await start({ companyMs: 0 });
    one.store.hearOthers();
    await append();
    await arrived(1);
    await system.count('b', 1);
    await arrived(2);
    expect(handled).toEqual([1, 2]);
  });

  it('reads at once after a rest; a page behind it waits for company, until somebody waits for it', async () => {
    await start({ companyMs: never });
    await append();
    await arrived(1);
    await append();
    // Time enough for a page that does not wait.
    for (let turn = 0; turn < 20; turn++) await one.dataSource.query('SELECT 1');
    await append();
    expect(pages).toEqual([[1]]);
    expect(await one.positions.waitFor('h', 3n, 10_000)).toBe(true);
    expect(pages).toEqual([[1], [2, 3]]);
  });

  it('does not let a page wait for which somebody waits already', async () => {
    await start({ companyMs: never });
    await append();
    await arrived(1);
    const waits = [2n, 3n].map((position) => one.positions.waitFor('h', position, 10_000));
    await append();
    expect(await waits[0]).toBe(true);
    await append();
    expect(await waits[1]).toBe(true);
    expect(handled).toEqual([1, 2, 3]);
  });

  it('passes a page of which it wants nothing by one statement', async () => {
    await start({ companyMs: 0 });
    one.run({ ...handlerOf('other', () => undefined), wants: () => false });
    await waitUntil(() => Promise.resolve(pages.length === 1));
    const before = one.statements.length;
    await append();
    await arrived(1);
    await waitUntil(async () => (await one.positions.position('other')) === 1n);
    const sent = one.statements.slice(before).filter((text) => !text.startsWith('SELECT min(position)'));
    expect(sent.filter((text) => text.startsWith('START TRANSACTION'))).toHaveLength(1);
    expect(sent.filter((text) => text.startsWith('UPDATE'))).toHaveLength(2);
  });

  it('ends while a page waits for company', async () => {
    await start({ companyMs: never });
    await append();
    await arrived(1);
    await append();
    await one.stop();
    expect(handled).toEqual([1]);
    one = await startProcess(system.database.url, 'two');
  });
});
