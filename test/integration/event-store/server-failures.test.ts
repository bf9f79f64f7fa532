import { v7 as uuidv7 } from 'uuid';
import { EventStoreUnavailableError } from '../../../src/event-sourcing';
import { startStore, type StoreUnderTest } from './postgres-store';

let test: StoreUnderTest;

/** Statements that insert events fail with this code for the first `times` times. A sequence counts them: it is not rolled back. */
async function failInserts(code: string, times: number): Promise<void> {
  await test.sql.query(`
    CREATE SEQUENCE tries;
    CREATE FUNCTION fail_at_first() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
      IF nextval('public.tries') <= ${times} THEN RAISE EXCEPTION 'made to fail' USING ERRCODE = '${code}'; END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER fail_at_first AFTER INSERT ON annals.events FOR EACH STATEMENT EXECUTE FUNCTION fail_at_first()`);
}

async function tries(): Promise<number> {
  const { rows } = await test.sql.query<{ last_value: string }>('SELECT last_value FROM tries');
  return Number(rows[0]?.last_value);
}

const append = (id: string = uuidv7()) =>
  test.store.appendToStream({ type: 'Test', id }, [{ type: 'Happened', data: {} }], { expectedVersion: 0 });

beforeEach(async () => {
  test = await startStore();
});

afterEach(() => test.close());

describe('an append whose statement fails', () => {
  it.each(['40001', '40P01', '40000', '25006', '26000', '42P05', '57P01', '08006'])(
    'with %s is sent again, and is stored once',
    async (code) => {
      await failInserts(code, 2);
      expect(await append()).toEqual({ version: 1, position: 1n });
      expect(await tries()).toBe(3);
    },
  );

  it.each(['53100', '53200', '58030', 'XX001', '57014', '55P03'])(
    'with %s is refused as unavailable, and nothing is sent again',
    async (code) => {
      await failInserts(code, 1);
      await expect(append()).rejects.toThrow(EventStoreUnavailableError);
      expect(await tries()).toBe(1);
      expect(await append()).toEqual({ version: 1, position: 1n });
    },
  );

  it('and goes on failing, with 40001, is refused as unavailable', async () => {
    await failInserts('40001', 1_000);
    await expect(append()).rejects.toThrow(EventStoreUnavailableError);
  });

  it('because the disk is full fails with its whole batch, which is not sent again one by one', async () => {
    const first = append();
    const batch = Array.from({ length: 20 }, () => append());
    await first;
    await failInserts('53100', 1_000);
    const outcomes = await Promise.allSettled([...batch, ...Array.from({ length: 20 }, () => append())]);
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThanOrEqual(20);
    expect(await tries()).toBeLessThan(5);
  });

  it.each(['23514', '22P02', 'P0001'])('with %s says so itself', async (code) => {
    await failInserts(code, 1);
    await expect(append()).rejects.toMatchObject({ code });
  });

  it.each(['42P01', '42883', '42501'])(
    'with %s waits for the migration: the store is unavailable',
    async (code) => {
      await failInserts(code, 1);
      await expect(append()).rejects.toThrow(EventStoreUnavailableError);
    },
  );
});
