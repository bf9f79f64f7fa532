import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createTestDatabase } from '../../support/test-database';

interface Outcome {
  readonly cases: number;
  readonly comparisons: number;
  readonly differences: readonly string[];
}

const run = promisify(execFile);

/** The time zone of a process is set before it starts. */
async function compareIn(zone: string, seed: number, types: string): Promise<Outcome> {
  const database = await createTestDatabase({ empty: true });
  try {
    const { stdout } = await run(
      process.execPath,
      [
        '--require',
        join(__dirname, '../../support/typescript-process.cjs'),
        join(__dirname, 'rows-in-zone.ts'),
        database.url,
        String(seed),
        types,
      ],
      { env: { ...process.env, TZ: zone }, maxBuffer: 64_000_000, timeout: 240_000 },
    );
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Outcome;
  } finally {
    await database.drop();
  }
}

it.each([
  ['for every type of column, in', 'UTC', ''],
  ['for each type that depends on the zone, in', 'Europe/Berlin', 'date|time|interval|json'],
  ['for each type that depends on the zone, in', 'Asia/Kathmandu', 'date|time|interval|json'],
])(
  'writes values and tells keys as the driver does, %s %s',
  async (_types, zone, types) => {
    const seed = Number(process.env.ROWS_SEED ?? Date.now() % 1_000_000);
    console.log(`seed ${seed}; repeat with ROWS_SEED=${seed}`);
    const { cases, comparisons, differences } = await compareIn(zone, seed, types);
    expect(differences).toEqual([]);
    expect(comparisons).toBeGreaterThan(cases * 8);
  },
  300_000,
);
