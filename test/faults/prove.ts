import { Pool } from 'pg';
import { faultsOf } from './faults-of';
import { Load } from './load';
import { runCommand } from './program';
import { report } from './rounds';
import { placesOf, readStored } from './stored';
import { until } from './until';

export interface Trial {
  readonly title: string;
  readonly load: Load;
  readonly databaseUrl: string;
  readonly pool: Pool;
}

/** While a service runs and nobody writes: waits until all is projected, then holds the journal against what is stored. */
export async function proveNothingLost(trial: Trial): Promise<void> {
  const { load, pool, databaseUrl } = trial;
  await until('the read model has all events', async () => {
    const { head, checkpoint } = await placesOf(pool);
    return checkpoint === head;
  });
  const stored = await readStored(pool);
  const faults = faultsOf(load.journal.entries, stored);
  const verified = await runCommand(['verify'], { DATABASE_URL: databaseUrl });
  const count = (kind: string) => faults.filter((fault) => fault.startsWith(kind)).length;
  const { acknowledged, unknown, entries } = load.journal;
  const open = new Set(entries.flatMap((entry) => entry.unknown));
  report(trial.title, {
    acknowledged,
    'unknown outcomes': unknown,
    'of these stored': stored.events.filter((event) => open.has(event.attempt)).length,
    events: stored.events.length,
    lost: count('lost'),
    twice: count('twice'),
    'other faults': faults.length - count('lost') - count('twice'),
    'verify exit code': verified.code,
  });
  expect(faults.slice(0, 20)).toEqual([]);
  expect(load.journal.surprises.slice(0, 20)).toEqual([]);
  expect(verified).toMatchObject({ code: 0, stderr: '' });
}
