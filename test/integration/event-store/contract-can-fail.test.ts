import { eventStoreContract } from '../../../src/event-sourcing/testing';
import { brokenStores } from './broken-stores';

type Case = (typeof eventStoreContract)[number];

const outcomes = new Map<string, Promise<boolean>>();

/** Whether the store breaks the case. */
function breaks({ name: caseName, run }: Case, store: string): Promise<boolean> {
  const pair = `${store}: ${caseName}`;
  const known = outcomes.get(pair) ?? isBroken(run, store);
  outcomes.set(pair, known);
  return known;
}

async function isBroken(run: Case['run'], name: string): Promise<boolean> {
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
  it.each(eventStoreContract)('$name: a broken store is found out', async (contractCase) => {
    const caughtBy = [];
    for (const name of Object.keys(brokenStores)) if (await breaks(contractCase, name)) caughtBy.push(name);
    // "refuses everything" and "stores nothing" are too easy to count.
    expect(caughtBy.filter((name) => name !== 'refuses everything' && name !== 'stores nothing')).not.toEqual(
      [],
    );
  });

  it.each(Object.keys(brokenStores))('the store that %s keeps not every case', async (name) => {
    const caught = [];
    for (const contractCase of eventStoreContract)
      if (await breaks(contractCase, name)) caught.push(contractCase.name);
    expect(caught).not.toEqual([]);
  });
});
