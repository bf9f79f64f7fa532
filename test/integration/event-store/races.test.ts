import { v7 as uuidv7 } from 'uuid';
import {
  AppendSignal,
  ClaimTakenError,
  PostgresEventStore,
  WrongExpectedVersionError,
} from '../../../src/event-sourcing';
import { startStore, StoreUnderTest } from './postgres-store';

describe('races', () => {
  let test: StoreUnderTest;
  let otherProcess: PostgresEventStore;

  beforeAll(async () => {
    test = await startStore();
    // A store with a queue of its own races like one in another process.
    otherProcess = new PostgresEventStore(
      { connection: { connectionString: test.database.url } },
      new AppendSignal(),
    );
  });

  afterAll(async () => {
    await otherProcess.close();
    await test.close();
  });

  it('optimistic concurrency: 32 writers on one stream, until 1,000 succeed, leave versions 1 to 1,000', async () => {
    const target = { type: 'Test', id: uuidv7() };
    let conflicts = 0;
    let succeeded = 0;
    const write = async (store: PostgresEventStore): Promise<void> => {
      let expectedVersion = 0;
      while (succeeded < 1_000) {
        try {
          ({ version: expectedVersion } = await store.appendToStream(target, [{ type: 'Won', data: {} }], {
            expectedVersion,
          }));
          succeeded++;
        } catch (error) {
          if (!(error instanceof WrongExpectedVersionError)) throw error;
          conflicts++;
          expectedVersion = error.actualVersion;
        }
      }
    };
    await Promise.all(Array.from({ length: 32 }, (_, index) => write(index % 2 ? test.store : otherProcess)));
    const { rows } = await test.sql.query<{ aggregate_version: number }>(
      'SELECT aggregate_version FROM events WHERE aggregate_id = $1 ORDER BY position',
      [target.id],
    );
    expect(rows.map((row) => row.aggregate_version)).toEqual(rows.map((_row, index) => index + 1));
    expect(rows).toHaveLength(succeeded);
    expect(succeeded).toBeGreaterThanOrEqual(1_000);
    expect(conflicts).toBeGreaterThan(0);
  });

  it('10,000 pairs race for an e-mail address each: one winner each, and no orphans', async () => {
    const pairs = 10_000;
    const run = uuidv7();
    const winners = { total: 0, pairsWithoutOne: 0, pairsWithTwo: 0 };
    const claim = async (store: PostgresEventStore, value: string): Promise<boolean> => {
      try {
        const options = { expectedVersion: 0, claims: [{ scope: 'race.email', value }] };
        await store.appendToStream(
          { type: 'Racer', id: uuidv7() },
          [{ type: 'Created', data: { value } }],
          options,
        );
        return true;
      } catch (error) {
        if (error instanceof ClaimTakenError) return false;
        throw error;
      }
    };
    const race = async (pair: number): Promise<void> => {
      const value = `${run}-${pair}@example.com`;
      const wins = await Promise.all([
        claim(test.store, value),
        claim(pair % 2 ? test.store : otherProcess, value),
      ]);
      const count = wins.filter(Boolean).length;
      winners.total += count;
      if (count === 0) winners.pairsWithoutOne++;
      if (count > 1) winners.pairsWithTwo++;
    };
    for (let first = 0; first < pairs; first += 500) {
      await Promise.all(Array.from({ length: 500 }, (_, index) => race(first + index)));
    }
    expect(winners).toEqual({ total: pairs, pairsWithoutOne: 0, pairsWithTwo: 0 });
    const { rows } = await test.sql.query(`
      SELECT (SELECT count(*)::integer FROM claims WHERE scope = 'race.email') AS claims,
        (SELECT count(*)::integer FROM events WHERE aggregate_type = 'Racer') AS events,
        (SELECT count(*)::integer FROM claims c WHERE scope = 'race.email' AND NOT EXISTS (
          SELECT FROM events e WHERE e.aggregate_type = c.aggregate_type AND e.aggregate_id = c.aggregate_id)) AS orphans`);
    expect(rows).toEqual([{ claims: pairs, events: pairs, orphans: 0 }]);
  });
});
