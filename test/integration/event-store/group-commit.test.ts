import { v7 as uuidv7 } from 'uuid';
import {
  DuplicateEventIdError,
  EventStoreClosedError,
  EventStoreOverloadedError,
  EventStoreUnavailableError,
  WrongExpectedVersionError,
} from '../../../src/event-sourcing';
import { startStore, StoreUnderTest } from './postgres-store';

const happened = { type: 'Happened', data: {} };
const stream = () => ({ type: 'Test', id: uuidv7() });

describe('group commit', () => {
  let test: StoreUnderTest;

  beforeEach(async () => {
    test = await startStore({ maxWaitingAppends: 50 });
  });

  afterEach(() => test.close());

  /** Transactions that stored events, told apart by their row version. */
  async function transactions(): Promise<number> {
    const { rows } = await test.sql.query<{ count: string }>('SELECT count(DISTINCT xmin::text) FROM events');
    return Number(rows[0]?.count);
  }

  async function head(): Promise<string | undefined> {
    return (await test.sql.query<{ head: string }>('SELECT head FROM event_log')).rows[0]?.head;
  }

  it('sends a lone append at once, and what arrives meanwhile as one transaction', async () => {
    await Promise.all(
      Array.from({ length: 40 }, () =>
        test.store.appendToStream(stream(), [happened], { expectedVersion: 0 }),
      ),
    );
    expect(await head()).toBe('40');
    expect(await transactions()).toBe(2);
  });

  it('lets who was answered come back before the next batch goes', async () => {
    const write = async (): Promise<void> => {
      for (let n = 0; n < 5; n++) {
        await test.store.appendToStream(stream(), [happened], { expectedVersion: 0 });
        // The way back to whoever asked, and here again, has steps, too.
        for (let step = 0; step < 20; step++) await Promise.resolve();
      }
    };
    await Promise.all(Array.from({ length: 8 }, write));
    expect(await head()).toBe('40');
    // One alone, then all eight together, five times, the first of them with its next.
    expect(await transactions()).toBe(6);
  });

  it.each([1, 2])(
    'tells each append of a batch where its last event is (events in each: %i)',
    async (count) => {
      const ids = Array.from({ length: 30 }, () => uuidv7());
      const append = (id: string, expectedVersion: number) =>
        test.store.appendToStream(
          { type: 'Test', id },
          Array.from({ length: count }, () => happened),
          {
            expectedVersion,
          },
        );
      await Promise.all(ids.map((id) => append(id, 0)));
      const results = await Promise.all(ids.map((id) => append(id, count)));
      const { rows } = await test.sql.query<{ id: string; version: number; position: string }>(
        'SELECT aggregate_id AS id, max(aggregate_version) AS version, max(position) AS position FROM events GROUP BY 1',
      );
      const stored = new Map(
        rows.map(({ id, version, position }) => [id, { version, position: BigInt(position) }]),
      );
      expect(results).toEqual(ids.map((id) => stored.get(id)));
      expect(new Set(results.map(({ position }) => position)).size).toBe(30);
    },
  );

  it.each([1, 2])('gives each append of a batch its own verdict (events in each: %i)', async (count) => {
    const taken = { ...happened, id: uuidv7() };
    const first = await test.store.appendToStream(stream(), [taken], { expectedVersion: 0 });
    const eventsOf = (index: number) => [
      index % 3 === 1 ? taken : happened,
      ...Array.from({ length: count - 1 }, () => happened),
    ];
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_, index) =>
        test.store.appendToStream(stream(), eventsOf(index), { expectedVersion: index % 3 === 0 ? 7 : 0 }),
      ),
    );
    const verdicts = [WrongExpectedVersionError, DuplicateEventIdError, undefined];
    outcomes.forEach((outcome, index) => {
      const verdict = verdicts[index % 3];
      if (verdict) expect(outcome).toEqual({ status: 'rejected', reason: expect.any(verdict) as unknown });
    });
    const stored = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const each = BigInt(count);
    expect(stored).toEqual(
      Array.from({ length: 10 }, (_, no) => ({
        version: count,
        position: first.position + each * BigInt(no + 1),
      })),
    );
    expect(await head()).toBe(String(1 + 10 * count));
  });

  it('keeps the order of appends to one stream that wait together', async () => {
    const target = stream();
    const appends = [0, 1, 2, 3, 4].map((expectedVersion) =>
      test.store.appendToStream(target, [happened], { expectedVersion }),
    );
    expect((await Promise.all(appends)).map((result) => result.version)).toEqual([1, 2, 3, 4, 5]);
  });

  it('refuses without asking the database what the batch before made stale', async () => {
    const target = stream();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, () => test.store.appendToStream(target, [happened], { expectedVersion: 0 })),
    );
    const lost = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
    );
    expect(lost).toHaveLength(39);
    for (const error of lost) {
      expect(error).toBeInstanceOf(WrongExpectedVersionError);
      expect(error).toMatchObject({ actualVersion: 1, stream: target });
    }
  });

  it('gives a retry that waits behind its original the first result', async () => {
    const target = stream();
    const event = { ...happened, id: uuidv7() };
    const twice = [0, 0].map((expectedVersion) =>
      test.store.appendToStream(target, [event], { expectedVersion }),
    );
    const [first, second] = await Promise.all(twice);
    expect(second).toEqual(first);
  });

  it('lets only the guilty append of a batch fail when the statement itself fails', async () => {
    await test.sql.query(`
      CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN IF NEW.event_type = 'Poison' THEN RAISE 'poison'; END IF; RETURN NEW; END $$;
      CREATE TRIGGER refuse_poison BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse_poison()`);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_, index) =>
        test.store.appendToStream(stream(), [{ ...happened, type: index === 17 ? 'Poison' : 'Happened' }], {
          expectedVersion: 0,
        }),
      ),
    );
    expect(outcomes.map((outcome) => outcome.status).indexOf('rejected')).toBe(17);
    expect(outcomes.filter((outcome) => outcome.status === 'rejected')).toHaveLength(1);
    expect(await head()).toBe('29');
  });

  it('refuses one append more than may wait, and stores the others', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, () =>
        test.store.appendToStream(stream(), [happened], { expectedVersion: 0 }),
      ),
    );
    const refused = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
    );
    expect(refused.length).toBe(9);
    for (const error of refused) expect(error).toBeInstanceOf(EventStoreOverloadedError);
    expect(await head()).toBe('51');
  });

  it('stores what waits before it closes, and refuses what comes later', async () => {
    const { store, sql, database } = await startStore();
    const waiting = Array.from({ length: 40 }, () =>
      store.appendToStream(stream(), [happened], { expectedVersion: 0 }),
    );
    const closed = store.close();
    await expect(store.appendToStream(stream(), [happened], { expectedVersion: 0 })).rejects.toThrow(
      EventStoreClosedError,
    );
    await closed;
    expect(await Promise.all(waiting)).toHaveLength(40);
    expect((await sql.query('SELECT FROM events')).rowCount).toBe(40);
    await sql.end();
    await database.drop();
  });

  it('says that the store is unavailable when the server cannot be reached', async () => {
    const { store, sql, database } = await startStore({
      connection: { host: '127.0.0.1', port: 1, connectionString: '' },
    });
    await expect(store.appendToStream(stream(), [happened], { expectedVersion: 0 })).rejects.toThrow(
      EventStoreUnavailableError,
    );
    await expect(store.head()).rejects.toThrow(EventStoreUnavailableError);
    await store.close();
    await sql.end();
    await database.drop();
  });
});
