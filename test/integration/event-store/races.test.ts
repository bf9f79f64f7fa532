import { KernelSchema } from '../../../src/event-sourcing/schema/kernel-schema';
import { v7 as uuidv7 } from 'uuid';
import {
  AppendSignal,
  ClaimTakenError,
  PostgresEventStore,
  ReceiptExistsError,
  WrongExpectedVersionError,
} from '../../../src/event-sourcing';
import { keepReceipt } from '../../../src/event-sourcing/event-store/postgres/keep-receipt';
import { waitUntil } from '../../support/wait-until';
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
      'SELECT aggregate_version FROM annals.events WHERE aggregate_id = $1 ORDER BY position',
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
      SELECT (SELECT count(*)::integer FROM annals.claims WHERE scope = 'race.email') AS claims,
        (SELECT count(*)::integer FROM annals.events WHERE aggregate_type = 'Racer') AS events,
        (SELECT count(*)::integer FROM annals.claims c WHERE scope = 'race.email' AND NOT EXISTS (
          SELECT FROM annals.events e WHERE e.aggregate_type = c.aggregate_type AND e.aggregate_id = c.aggregate_id)) AS orphans`);
    expect(rows).toEqual([{ claims: pairs, events: pairs, orphans: 0 }]);
  });

  it('a receipt that comes in while an append waits for its key refuses that append, and no other of its batch', async () => {
    const { store, sql } = test;
    const key = uuidv7();
    const receipt = { caller: 'racer', key, fingerprint: 'append', keepSeconds: 60 };
    const [before, refused, after] = [1, 2, 3].map(() => ({ type: 'Late', id: uuidv7() }));
    if (!before || !refused || !after) throw new Error('unreachable');
    const event = { type: 'Came', data: {} };
    await sql.query('BEGIN');
    await sql.query(keepReceipt(new KernelSchema()), ['racer', key, 'note', 'was faster', 60]);
    const appends = Promise.allSettled([
      store.appendToStream(before, [event], { expectedVersion: 0 }),
      store.appendToStream(refused, [event, event], { expectedVersion: 0, receipt }),
      store.appendToStream(after, [event], { expectedVersion: 0 }),
    ]);
    await waitUntil(async () => (await sql.query('SELECT FROM pg_locks WHERE NOT granted')).rows.length > 0);
    await sql.query('COMMIT');
    const [first, second, third] = await appends;
    expect([first?.status, third?.status]).toEqual(['fulfilled', 'fulfilled']);
    expect(second).toMatchObject({ status: 'rejected', reason: expect.any(ReceiptExistsError) as Error });
    expect(await store.findReceipt('racer', key)).toEqual({ fingerprint: 'note', note: 'was faster' });
    const { rows } = await sql.query(
      `SELECT max(position) - count(*) AS missing,
         count(*) FILTER (WHERE aggregate_type = 'Late')::integer AS late
       FROM annals.events`,
    );
    expect(rows).toEqual([{ missing: '0', late: 2 }]);
  });
});
