import { Logger } from '@nestjs/common';
import type { ProjectionContext } from '../../../src/event-sourcing';
import { waitUntil } from '../../support/wait-until';
import { startTallies, TallySystem } from './tally';

const fast = { retryDelayMs: 10, maxRetryDelayMs: 20, maxBackoffMs: 20, maxAttempts: 3 };
const streams = Array.from({ length: 30 }, (_, n) => `s${n}`);

/** As the server says it: each write of a row fails. */
const failEachWrite = (code: string) => `
  CREATE FUNCTION fail_write() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN RAISE EXCEPTION 'could not write' USING ERRCODE = '${code}'; END $$;
  CREATE TRIGGER fail_write BEFORE INSERT OR UPDATE ON tallies FOR EACH ROW EXECUTE FUNCTION fail_write()`;
const mendWrites = 'DROP TRIGGER fail_write ON tallies; DROP FUNCTION fail_write()';

describe('a cause that is common to all events', () => {
  let system: TallySystem;

  beforeEach(async () => {
    for (const level of ['error', 'warn', 'log'] as const)
      jest.spyOn(Logger.prototype, level).mockImplementation();
    system = await startTallies();
  });

  afterEach(async () => {
    await system.close();
    jest.restoreAllMocks();
  });

  const status = async () => (await system.statuses.all())[0];
  const setAside = async () => (await system.control.parked('tallies', 0n, 1_000)).length;
  const expectAll = async (each: { total: number; seen: string }) => {
    await waitUntil(async () => (await setAside()) === 0);
    const expected = Object.fromEntries(streams.map((stream) => [stream, each]));
    expect(await system.tallies()).toEqual(expected);
    await waitUntil(async () => (await status())?.state === 'running');
    expect((await system.fold.compare(system.projections.get('tallies'))).differences).toEqual([]);
  };

  it.each<[string, string, string]>([
    ...['53100', '53200', '58030', '25006', 'XX001', '42P01', '42501', '57014', 'P0001', '22008'].map(
      (code): [string, string, string] => [code, failEachWrite(code), mendWrites],
    ),
    [
      'a table that is not there yet',
      'ALTER TABLE tallies RENAME TO elsewhere',
      'ALTER TABLE elsewhere RENAME TO tallies',
    ],
    [
      'a column that is not there yet',
      'ALTER TABLE tallies RENAME COLUMN seen TO elsewhere',
      'ALTER TABLE tallies RENAME COLUMN elsewhere TO seen',
    ],
  ])('makes the subscription wait as a whole, and go on by itself: %s', async (_name, breakIt, mendIt) => {
    await system.dataSource.query(breakIt);
    for (const stream of streams) await system.count(stream, 1, 2);
    const loop = system.loop('one', fast);
    loop.start();
    await waitUntil(() => Promise.resolve(loop.isFailing));
    const failing = await status();
    expect(failing?.state).toBe('failed');
    expect(failing?.failure).toContain('fails alike');
    // For many times the life of an event that fails by itself.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(loop.isFailing).toBe(true);
    expect(await setAside()).toBeLessThan(10);
    expect((await system.control.parked('tallies')).filter(({ state }) => state === 'parked')).toEqual([]);
    await system.dataSource.query(mendIt);
    expect(await system.positions.waitFor('tallies', 60n, 20_000)).toBe(true);
    await expectAll({ total: 3, seen: '1 2' });
    expect(loop.isFailing).toBe(false);
  });

  it('parks nothing for good while the events come one by one', async () => {
    await system.dataSource.query(failEachWrite('53100'));
    const loop = system.loop('one', fast);
    loop.start();
    for (const stream of streams) {
      await system.count(stream, 1);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(loop.isFailing).toBe(true);
    await system.dataSource.query(mendWrites);
    expect(await system.positions.waitFor('tallies', 30n, 20_000)).toBe(true);
    await expectAll({ total: 1, seen: '1' });
  });

  it('brings back what was set aside as soon as it is gone, however long the pauses have become', async () => {
    await system.dataSource.query(failEachWrite('53100'));
    for (const stream of streams) await system.count(stream, 1);
    const loop = system.loop('one', { ...fast, retryDelayMs: 600_000, maxRetryDelayMs: 600_000 });
    loop.start();
    await waitUntil(() => Promise.resolve(loop.isFailing));
    expect(await setAside()).toBeGreaterThan(0);
    await system.dataSource.query(mendWrites);
    expect(await system.positions.waitFor('tallies', 30n, 20_000)).toBe(true);
    await expectAll({ total: 1, seen: '1' });
  });

  it('does not park the only event that came, when the database could not do it', async () => {
    await system.dataSource.query(failEachWrite('53100'));
    await system.count('s0', 1);
    system.loop('one', fast).start();
    await waitUntil(async () => ((await system.control.parked('tallies'))[0]?.attempts ?? 0) > 6);
    expect((await system.control.parked('tallies'))[0]?.state).toBe('retrying');
    await system.dataSource.query(mendWrites);
    await waitUntil(async () => (await setAside()) === 0);
    expect(await system.tallies()).toEqual({ s0: { total: 1, seen: '1' } });
  });

  it('is not suspected while an event among them succeeds: bad streams side by side are parked, the others go on', async () => {
    const afterRow = ({ recorded }: ProjectionContext) => {
      if (recorded.stream.id.startsWith('bad')) throw new Error('poison');
    };
    for (let n = 0; n < 15; n++) await system.count(`bad${n}`, 1);
    await system.count('good', 1);
    const loop = system.loop('one', { ...fast, meddling: { afterRow } });
    loop.start();
    expect(await system.positions.waitFor('tallies', 16n, 20_000)).toBe(true);
    await waitUntil(async () =>
      (await system.control.parked('tallies')).every(({ state }) => state === 'parked'),
    );
    expect(await setAside()).toBe(15);
    expect(await system.tallies()).toEqual({ good: { total: 1, seen: '1' } });
    expect(loop.isFailing).toBe(false);
    expect(jest.mocked(Logger.prototype.error).mock.calls.join()).not.toContain('fails alike');
  });

  it('is over when one event succeeds, though those before it fail for good', async () => {
    const afterRow = ({ recorded }: ProjectionContext) => {
      if (recorded.stream.id.startsWith('bad')) throw new Error('poison');
    };
    for (let n = 0; n < 5; n++) await system.count(`bad${n}`, 1);
    const loop = system.loop('one', { ...fast, meddling: { afterRow } });
    loop.start();
    await waitUntil(() => Promise.resolve(loop.isFailing));
    const last = await system.count('good', 1);
    expect(await system.positions.waitFor('tallies', last, 20_000)).toBe(true);
    await waitUntil(async () => {
      const states = (await system.control.parked('tallies')).map(({ state }) => state);
      return states.length === 5 && states.every((state) => state === 'parked');
    });
    await waitUntil(async () => (await status())?.state === 'running');
  });

  it('is over, too, when an operator has discarded all that failed', async () => {
    const afterRow = () => Promise.reject(new Error('poison'));
    for (let n = 0; n < 3; n++) await system.count(`bad${n}`, 1);
    const loop = system.loop('one', { ...fast, meddling: { afterRow } });
    loop.start();
    await waitUntil(async () => (await status())?.state === 'failed');
    for (const { position } of await system.control.parked('tallies'))
      await system.control.discard('tallies', position, 'of no use');
    await waitUntil(async () => (await status())?.state === 'running');
  });

  it('of rights that are missing is seen, too', async () => {
    await system.dataSource.query('CREATE ROLE annals_reader; GRANT SELECT ON tallies TO annals_reader');
    const afterRow = async ({ manager, recorded }: ProjectionContext) => {
      await manager.query('SET LOCAL ROLE annals_reader');
      await manager.query('UPDATE tallies SET total = total WHERE id = $1', [recorded.stream.id]);
      await manager.query('RESET ROLE');
    };
    try {
      for (const stream of streams) await system.count(stream, 1);
      const loop = system.loop('one', { ...fast, meddling: { afterRow } });
      loop.start();
      await waitUntil(() => Promise.resolve(loop.isFailing));
      expect(await setAside()).toBeLessThan(10);
      await system.dataSource.query('GRANT UPDATE ON tallies TO annals_reader');
      expect(await system.positions.waitFor('tallies', 30n, 20_000)).toBe(true);
      await expectAll({ total: 1, seen: '1' });
    } finally {
      await system.dataSource.query('DROP OWNED BY annals_reader; DROP ROLE annals_reader');
    }
  });
});
