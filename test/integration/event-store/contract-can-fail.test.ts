import { eventStoreContract } from '../../../src/event-sourcing/testing';
import { brokenStores } from './broken-stores';

async function breaks(run: (typeof eventStoreContract)[number]['run'], name: string): Promise<boolean> {
  const store = brokenStores[name]?.();
  if (!store) throw new Error(`There is no broken store "${name}".`);
  try {
    await run(store);
    return false;
  } catch {
    return true;
  }
}

describe('the contract of event stores can fail', () => {
  it.each(eventStoreContract)('$name: a broken store is found out', async ({ run }) => {
    const caughtBy = [];
    for (const name of Object.keys(brokenStores)) if (await breaks(run, name)) caughtBy.push(name);
    // "refuses everything" and "stores nothing" are too easy to count.
    expect(caughtBy.filter((name) => name !== 'refuses everything' && name !== 'stores nothing')).not.toEqual(
      [],
    );
  });

  it.each(Object.keys(brokenStores))('the store that %s keeps not every case', async (name) => {
    const caught = [];
    for (const { name: caseName, run } of eventStoreContract)
      if (await breaks(run, name)) caught.push(caseName);
    expect(caught).not.toEqual([]);
  });
});
