import { v7 as uuidv7 } from 'uuid';
import { AppendSignal, PostgresEventStore } from '../../../src/event-sourcing';
import { CuttingProxy, startCuttingProxy } from '../../support/cutting-proxy';
import { startStore, StoreUnderTest } from './postgres-store';

describe('an append whose answer is lost at commit', () => {
  let test: StoreUnderTest;
  let proxy: CuttingProxy;
  let store: PostgresEventStore;

  beforeEach(async () => {
    test = await startStore();
    proxy = await startCuttingProxy(test.database.url);
    store = new PostgresEventStore(
      { connection: { connectionString: proxy.url, max: 2 } },
      new AppendSignal(),
    );
    // Warm: the next answer on this connection is that of the append.
    await store.appendToStream({ type: 'Test', id: 'warm' }, [{ type: 'Warm', data: {} }], {
      expectedVersion: 0,
    });
  });

  afterEach(async () => {
    await store.close();
    await proxy.close();
    await test.close();
  });

  it.each([0, 'no-stream', 'any'] as const)(
    'is stored once and acknowledged (expecting %s)',
    async (expectedVersion) => {
      const stream = { type: 'Test', id: uuidv7() };
      const claims = [{ scope: 'test', value: stream.id }];
      proxy.cutNextAnswer();
      const events = [
        { type: 'Happened', data: { n: 1 } },
        { type: 'Happened', data: { n: 2 } },
      ];
      const result = await store.appendToStream(stream, events, { expectedVersion, claims });
      expect(proxy.cuts()).toBe(1);
      expect(result).toEqual({ version: 2, position: 3n });
      const { rows } = await test.sql.query(
        'SELECT aggregate_version FROM annals.events WHERE aggregate_id = $1',
        [stream.id],
      );
      expect(rows).toEqual([{ aggregate_version: 1 }, { aggregate_version: 2 }]);
    },
  );

  it('is stored once for every append of the batch', async () => {
    const blocked = store.appendToStream({ type: 'Test', id: uuidv7() }, [{ type: 'First', data: {} }], {
      expectedVersion: 0,
    });
    const batch = Array.from({ length: 20 }, () =>
      store.appendToStream({ type: 'Test', id: uuidv7() }, [{ type: 'Happened', data: {} }], {
        expectedVersion: 0,
      }),
    );
    await blocked;
    proxy.cutNextAnswer();
    const positions = (await Promise.all(batch)).map((result) => result.position);
    expect(proxy.cuts()).toBe(1);
    expect(positions).toEqual(Array.from({ length: 20 }, (_, index) => BigInt(index + 3)));
    expect((await test.sql.query("SELECT FROM annals.events WHERE event_type = 'Happened'")).rowCount).toBe(
      20,
    );
  });
});
