import { Logger } from '@nestjs/common';
import { startTallies, TallySystem } from './tally';

const collects = true;

describe('a projector that collects its rows', () => {
  let system: TallySystem;

  beforeEach(async () => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation();
    jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    system = await startTallies([], { pool: 1 });
  });

  afterEach(async () => {
    await system.close();
    jest.restoreAllMocks();
  });

  it('makes the rows that one with SQL of its own makes, event by event, whatever the batches', async () => {
    for (let n = 0; n < 40; n++) await system.count(`s${n % 3}`, n, n + 1, n + 2);
    system.loop('one', { batchSize: 17, meddling: { collects } }).start();
    expect(await system.positions.waitFor('tallies', 120n, 10_000)).toBe(true);
    // The fold is made by the projector with SQL of its own.
    expect(await system.fold.compare(system.projections.get('tallies'))).toEqual({
      position: 120n,
      leftOut: 0,
      differences: [],
    });
  });

  it('moves its checkpoint only with the rows: when they cannot be written, neither is there', async () => {
    await system.count('a', 1, 2);
    await system.dataSource.query('ALTER TABLE tallies RENAME TO away');
    system.loop('one', { maxBackoffMs: 20, maxParked: 0, meddling: { collects } }).start();
    expect(await system.positions.waitFor('tallies', 1n, 1_000)).toBe(false);
    await system.dataSource.query('ALTER TABLE away RENAME TO tallies');
    expect(await system.positions.waitFor('tallies', 2n, 10_000)).toBe(true);
    expect(await system.tallies()).toEqual({ a: { total: 3, seen: '1 2' } });
  });

  it('sets only the stream aside whose row the table refuses, found among the batch', async () => {
    await system.dataSource.query('ALTER TABLE tallies ADD CHECK (total < 1000)');
    for (let n = 0; n < 10; n++) await system.count(`s${n}`, 1, n === 6 ? 5_000 : 1, 1);
    system.loop('one', { meddling: { collects } }).start();
    expect(await system.positions.waitFor('tallies', 30n, 20_000)).toBe(true);
    const tallies = await system.tallies();
    expect(tallies.s6).toEqual({ total: 1, seen: '1' });
    for (const n of [0, 5, 7, 9]) expect(tallies[`s${n}`]).toEqual({ total: 3, seen: '1 2 3' });
    const parked = await system.dataSource.query<{ position: string; state: string }[]>(
      'SELECT position, state FROM annals.parked_events ORDER BY position',
    );
    expect(parked.map(({ position }) => position)).toEqual(['20', '21']);
  });
});
