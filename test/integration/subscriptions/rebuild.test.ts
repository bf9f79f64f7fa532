import { Logger } from '@nestjs/common';
import {
  CheckpointCheck,
  EventStoreClosedError,
  NoRebuildError,
  ProjectionFold,
  RebuildInProgressError,
  RebuildRefusedError,
} from '../../../src/event-sourcing';
import { waitUntil } from '../../support/wait-until';
import { RunOptions, Rebuilding, startTallies, TallySystem } from './tally';

describe('a rebuild', () => {
  let system: TallySystem;

  beforeEach(async () => {
    jest.spyOn(Logger.prototype, 'log').mockImplementation();
    jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    system = await startTallies();
  });

  afterEach(async () => {
    await system.close();
    jest.restoreAllMocks();
  });

  async function projected(...streams: string[]): Promise<void> {
    let last = 0n;
    for (const stream of streams) last = await system.count(stream, 1);
    expect(await system.positions.waitFor('tallies', last, 20_000)).toBe(true);
  }

  const version = async () => (await system.statuses.all())[0]?.version;
  const isOver = (rebuilding: Rebuilding) =>
    waitUntil(async () => (await rebuilding.orders.all()).length === 0);

  async function tables(schema: string): Promise<string[]> {
    const rows = await system.dataSource.query<{ name: string }[]>(
      'SELECT tablename AS name FROM pg_tables WHERE schemaname = $1',
      [schema],
    );
    return rows.map(({ name }) => name);
  }

  async function expectFold({ projection }: Rebuilding): Promise<void> {
    expect(
      (await new ProjectionFold(system.dataSource, system.store).compare(projection)).differences,
    ).toEqual([]);
    expect((await new CheckpointCheck(system.dataSource).run()).every(({ sawEvery }) => sawEvery)).toBe(true);
  }

  it('replaces wrong rows by right ones, and keeps the wrong ones until it is told to drop them', async () => {
    system.loop('one').start();
    await projected('a', 'b', 'a');
    await system.dataSource.query("UPDATE tallies SET total = 99 WHERE id = 'a'");
    const rebuilding = system.rebuilding('one');
    await rebuilding.orders.request('tallies');
    rebuilding.runner.start();
    await isOver(rebuilding);
    expect(await system.tallies()).toEqual({ a: { total: 2, seen: '1 2' }, b: { total: 1, seen: '1' } });
    const old = await system.dataSource.query<unknown[]>(
      "SELECT total FROM annals_old.tallies WHERE id = 'a'",
    );
    expect(old).toEqual([{ total: 99 }]);
    await projected('a', 'c');
    expect((await system.tallies()).a).toEqual({ total: 3, seen: '1 2 3' });
    await expectFold(rebuilding);
    expect(await rebuilding.orders.dropOld('tallies')).toBe(true);
    expect(await rebuilding.orders.dropOld('tallies')).toBe(false);
    expect(await tables('annals_old')).toEqual([]);
  });

  it('goes on where it was after its process was gone, and shows how far it is', async () => {
    system.loop('one').start();
    await projected('a', 'b', 'c', 'd', 'e', 'f');
    // As if the process ended in the middle: no fault of an event.
    const cut = ({ recorded }: { recorded: { position: bigint } }) => {
      if (recorded.position === 4n) throw new EventStoreClosedError();
    };
    const first = system.rebuilding('first', { batchSize: 1, meddling: { afterRow: cut } });
    jest.spyOn(Logger.prototype, 'error').mockImplementation();
    await first.orders.request('tallies', { isHeld: true });
    first.runner.start();
    await waitUntil(async () => (await system.statuses.all())[0]?.rebuild?.checkpoint === 3n);
    await waitUntil(() => Promise.resolve(first.runner.failing().length === 1));
    const [status] = await system.statuses.all();
    expect(status).toMatchObject({
      state: 'rebuilding',
      checkpoint: 6n,
      rebuild: { version: 1, isHeld: true, failure: `${new EventStoreClosedError().message} [store.closed]` },
    });
    await first.runner.stop();
    const handled: bigint[] = [];
    const second = system.rebuilding('second', {
      meddling: { afterRow: ({ recorded }) => void handled.push(recorded.position) },
    });
    second.runner.start();
    await waitUntil(async () => (await system.statuses.all())[0]?.rebuild?.checkpoint === 6n);
    expect(handled).toEqual([4n, 5n, 6n]);
    await second.orders.hold('tallies', false);
    await isOver(second);
    await expectFold(second);
  });

  it('is one at a time, and can be given up', async () => {
    system.loop('one').start();
    await projected('a');
    const { orders } = system.rebuilding('one');
    await orders.request('tallies', { isHeld: true });
    await expect(orders.request('tallies')).rejects.toThrow(RebuildInProgressError);
    await orders.cancel('tallies');
    expect(await tables('annals_shadow')).toEqual([]);
    await expect(orders.cancel('tallies')).rejects.toThrow(NoRebuildError);
    expect(await system.tallies()).toEqual({ a: { total: 1, seen: '1' } });
    await projected('a');
  });

  it('begins by itself when the version is raised, while the old version goes on, and the old one is refused then', async () => {
    const old = system.loop('old');
    old.start();
    await projected('a', 'b');
    const next: RunOptions = { version: 2, meddling: { afterRow: doubled } };
    const rebuilding = system.rebuilding('new', next);
    expect(await rebuilding.orders.requestOutdated()).toEqual(['tallies']);
    expect(await system.rebuilding('too', next).orders.requestOutdated()).toEqual([]);
    await projected('a');
    expect(await version()).toBe(1);
    const errors = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    system.loop('new', next).start();
    rebuilding.runner.start();
    await isOver(rebuilding);
    await projected('c');
    expect(await version()).toBe(2);
    expect(await system.tallies()).toEqual({
      a: { total: 4, seen: '1 2' },
      b: { total: 2, seen: '1' },
      c: { total: 2, seen: '1' },
    });
    await waitUntil(() => Promise.resolve(old.isFailing));
    expect(errors.mock.calls.join()).toContain('Deploy version 2, or rebuild the rows');
  });

  it('starts over for a version that was raised again before it was done', async () => {
    system.loop('one').start();
    await projected('a');
    await system.rebuilding('two', { version: 2 }).orders.requestOutdated();
    const three = system.rebuilding('three', { version: 3 });
    expect(await three.orders.requestOutdated()).toEqual(['tallies']);
    expect(await system.rebuilding('two', { version: 2 }).orders.requestOutdated()).toEqual([]);
    expect(await three.orders.all()).toMatchObject([{ version: 3 }]);
  });

  it('divides the rows anew when the number of segments has changed', async () => {
    system.loop('one').start();
    await projected('a', 'b', 'c');
    const four = system.rebuilding('four', { segments: 4 });
    expect(await four.orders.requestOutdated()).toEqual(['tallies']);
    four.runner.start();
    await isOver(four);
    system.loop('four', { segments: 4 }).start();
    jest.spyOn(Logger.prototype, 'error').mockImplementation();
    await projected('a', 'd');
    expect((await system.statuses.all())[0]?.segments).toHaveLength(4);
    await expectFold(four);
  });

  it('shows the rows that differ before they take over, when it is held', async () => {
    system.loop('one').start();
    await projected('a', 'b');
    await system.dataSource.query("UPDATE tallies SET total = 99 WHERE id = 'a'");
    const { orders, runner, swap, projection } = system.rebuilding('one');
    await orders.request('tallies', { isHeld: true });
    runner.start();
    await waitUntil(() => swap.isNear(projection));
    expect(await swap.compare(projection)).toEqual({
      position: 2n,
      tables: [
        {
          table: 'tallies',
          onlyLeft: [{ id: 'a', total: 99, seen: '1' }],
          onlyRight: [{ id: 'a', total: 1, seen: '1' }],
        },
      ],
    });
    expect((await system.tallies()).a?.total).toBe(99);
    await orders.hold('tallies', false);
    await waitUntil(async () => (await orders.all()).length === 0);
    expect((await system.tallies()).a?.total).toBe(1);
  });

  it('waits while something of it is set aside, which an operator may retry or discard', async () => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation();
    system.loop('one').start();
    await projected('a', 'b');
    const afterRow = ({ recorded }: { recorded: { stream: { id: string } } }) => {
      if (recorded.stream.id === 'a') throw new Error('poison');
    };
    const options = { maxAttempts: 1, meddling: { afterRow } };
    const rebuilding = system.rebuilding('one', options);
    await rebuilding.orders.request('tallies');
    rebuilding.runner.start();
    await waitUntil(async () => (await system.control.parked('tallies@next')).length === 1);
    await waitUntil(async () => (await system.statuses.all())[0]?.rebuild?.checkpoint === 2n);
    expect(await rebuilding.swap.swap(rebuilding.projection)).toBeUndefined();
    await system.control.discard('tallies@next', 1n, 'not worth it');
    await isOver(rebuilding);
    expect(await system.tallies()).toEqual({ b: { total: 1, seen: '1' } });
    const { differences, leftOut } = await system.fold.compare(system.projections.get('tallies'));
    expect({ differences, leftOut }).toEqual({ differences: [], leftOut: 1 });
  });

  it('gives the new table all that the old one has: names of indexes, options, comment, grants', async () => {
    await system.dataSource.query(`
      CREATE INDEX tallies_by_total ON tallies (total DESC) WHERE total > 0;
      CREATE INDEX tallies_by_total_too ON tallies (total DESC) WHERE total > 0;
      CREATE UNIQUE INDEX tallies_lower ON tallies (lower(id));
      ALTER TABLE tallies ADD CONSTRAINT tallies_positive CHECK (total >= 0), ADD CONSTRAINT tallies_seen UNIQUE (seen, id);
      ALTER TABLE tallies SET (fillfactor = 70, autovacuum_enabled = true);
      COMMENT ON TABLE tallies IS 'Tallies, of course.';
      GRANT SELECT ON tallies TO PUBLIC`);
    const describe = async (): Promise<unknown> =>
      system.dataSource.query(`
        SELECT reloptions, relacl::text AS grants, obj_description(c.oid) AS comment,
          ARRAY(SELECT indexdef FROM pg_indexes WHERE tablename = 'tallies' AND schemaname = 'public' ORDER BY indexname) AS indexes,
          ARRAY(SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = c.oid ORDER BY conname) AS constraints
        FROM pg_class AS c WHERE c.oid = 'public.tallies'::regclass`);
    system.loop('one').start();
    await projected('a');
    const before = await describe();
    const rebuilding = system.rebuilding('one');
    await rebuilding.orders.request('tallies');
    rebuilding.runner.start();
    await isOver(rebuilding);
    expect(await describe()).toEqual(before);
  });

  it.each([
    [
      'a trigger',
      'CREATE TRIGGER noisy BEFORE INSERT ON tallies EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    ],
    ['a view', 'CREATE VIEW tall AS SELECT * FROM tallies WHERE total > 10'],
    ['a foreign key', 'CREATE TABLE notes (tally text REFERENCES tallies)'],
    ['numbers of its own', 'ALTER TABLE tallies ADD COLUMN nth serial'],
  ])(
    'is refused, with the reason, for a table with %s, which the copy would not have',
    async (_what, sql) => {
      await system.dataSource.query(sql);
      const { orders } = system.rebuilding('one');
      const refusal = orders.request('tallies');
      await expect(refusal).rejects.toThrow(RebuildRefusedError);
      await expect(refusal).rejects.toThrow(/a copy of table tallies would lose the/);
      expect(await orders.all()).toEqual([]);
      expect(await tables('annals_shadow')).toEqual([]);
    },
  );
});

/** What version 2 of the projector does on top. */
async function doubled({
  manager,
  recorded,
}: Parameters<Required<Required<RunOptions>['meddling']>['afterRow']>[0]) {
  await manager.query('UPDATE tallies SET total = total + 1 WHERE id = $1', [recorded.stream.id]);
}
