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
    const { rows } = await test.sql.query<{ count: string }>(
      'SELECT count(DISTINCT xmin::text) FROM annals.events',
    );
    return Number(rows[0]?.count);
  }

  async function head(): Promise<string | undefined> {
    return (await test.sql.query<{ head: string }>('SELECT max(position) AS head FROM annals.events')).rows[0]
      ?.head;
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
        'SELECT aggregate_id AS id, max(aggregate_version) AS version, max(position) AS position FROM annals.events GROUP BY 1',
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
    // A refusal is no failure of the statement: then each would have been sent for itself.
    expect(await transactions()).toBe(2);
  });

  /** Each goes into one batch: an append before them finds the queue at rest, and travels alone. */
  const refusals = [
    { what: 'a stale version', stream: 'known', expectedVersion: 1 },
    { what: 'a version ahead', stream: 'known', expectedVersion: 3 },
    { what: 'a version of a new stream', stream: 'new', expectedVersion: 1 },
    { what: 'a stream that is there', stream: 'known', expectedVersion: 'no-stream' },
  ] as const;

  it.each(refusals)('finds $what in a batch of new streams, and in one of known', async (refused) => {
    const known = Array.from({ length: 6 }, stream);
    for (const expectedVersion of [0, 1])
      for (const target of known) await test.store.appendToStream(target, [happened], { expectedVersion });
    for (const others of [known.slice(0, 5), Array.from({ length: 5 }, stream)]) {
      const target = refused.stream === 'new' ? stream() : (known[5] ?? stream());
      const expectedVersion = known.includes(others[0] ?? target) ? 2 : 0;
      const [before, transactionsBefore] = [await head(), await transactions()];
      const [first, ...rest] = await Promise.allSettled([
        test.store.appendToStream(stream(), [happened], { expectedVersion: 0 }),
        ...others.map((other) => test.store.appendToStream(other, [happened], { expectedVersion })),
        test.store.appendToStream(target, [happened], { expectedVersion: refused.expectedVersion }),
      ]);
      expect([first, ...rest.slice(0, -1)].map(({ status }) => status)).not.toContain('rejected');
      expect(rest.at(-1)).toMatchObject({ reason: { name: 'WrongExpectedVersionError' } });
      expect(await head()).toBe(String(Number(before) + 6));
      expect(await transactions()).toBe(transactionsBefore + 2);
    }
  });

  it('tells streams of one id and another type apart, alone and in a batch', async () => {
    const [one, other] = [uuidv7(), uuidv7()];
    const append = (type: string, id: string, expectedVersion = 0) =>
      test.store.appendToStream({ type, id }, [happened], { expectedVersion });
    await append('A', one);
    await expect(append('B', one, 1)).rejects.toThrow(WrongExpectedVersionError);
    const results = await Promise.allSettled([
      append('A', one, 1),
      append('A', other),
      append('B', other, 1),
      append('B', one),
    ]);
    expect(results).toMatchObject([
      { value: { version: 2 } },
      { value: { version: 1 } },
      { reason: { name: 'WrongExpectedVersionError' } },
      { value: { version: 1 } },
    ]);
    await append('A', other, 1);
    const ahead = await Promise.allSettled([
      append('A', one, 2),
      append('A', uuidv7()),
      append('B', other, 2),
    ]);
    expect(ahead.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(await head()).toBe('7');
  });

  it('finds a stored event id in a batch', async () => {
    const stored = { ...happened, id: uuidv7() };
    await test.store.appendToStream(stream(), [stored], { expectedVersion: 0 });
    const outcomes = await Promise.allSettled(
      [happened, happened, happened, stored].map((event) =>
        test.store.appendToStream(stream(), [event], { expectedVersion: 0 }),
      ),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    expect(outcomes.at(-1)).toMatchObject({ reason: { name: 'DuplicateEventIdError' } });
    expect(await transactions()).toBe(3);
  });

  it('takes and gives back the claims of a batch, and refuses one that is held, without a failure', async () => {
    const claim = (value: string) => ({ scope: 'test', value });
    const held = stream();
    const options = { expectedVersion: 0, claims: [claim('held'), claim('old')] };
    await test.store.appendToStream(held, [happened], options);
    const appends = (taken: string) =>
      Promise.allSettled([
        test.store.appendToStream(stream(), [happened], { expectedVersion: 0 }),
        test.store.appendToStream(stream(), [happened], { expectedVersion: 0 }),
        test.store.appendToStream(stream(), [happened], {
          expectedVersion: 0,
          claims: [claim(`a ${taken}`)],
        }),
        test.store.appendToStream(stream(), [happened], { expectedVersion: 0, claims: [claim(taken)] }),
        test.store.appendToStream(stream(), [happened], {
          expectedVersion: 0,
          releases: [claim(taken === 'held' ? 'free' : 'held')],
        }),
        test.store.appendToStream(held, [happened], {
          expectedVersion: taken === 'held' ? 1 : 2,
          claims: [claim(`b ${taken}`)],
          releases: [claim(taken === 'held' ? 'old' : 'b held')],
        }),
      ]);
    const refused = await appends('held');
    expect(refused.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(refused[3]).toMatchObject({ reason: { name: 'ClaimTakenError', claim: claim('held') } });
    expect(await transactions()).toBe(3);
    expect((await appends('old')).map(({ status }) => status)).not.toContain('rejected');
    expect(await transactions()).toBe(5);
    const { rows } = await test.sql.query<{ value: string; isHeld: boolean }>(
      'SELECT value, aggregate_id = $1 AS "isHeld" FROM annals.claims ORDER BY value',
      [held.id],
    );
    expect(rows).toEqual([
      { value: 'a held', isHeld: false },
      { value: 'a old', isHeld: false },
      { value: 'b old', isHeld: true },
      { value: 'held', isHeld: true },
      { value: 'old', isHeld: false },
    ]);
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
      CREATE TRIGGER refuse_poison BEFORE INSERT ON annals.events FOR EACH ROW EXECUTE FUNCTION refuse_poison()`);
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
    // An application that is closed twice runs its shutdown hooks twice.
    await Promise.all([closed, store.close()]);
    await store.close();
    expect(await Promise.all(waiting)).toHaveLength(40);
    expect((await sql.query('SELECT FROM annals.events')).rowCount).toBe(40);
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
