import { Logger } from '@nestjs/common';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type ProjectionContext, Projector } from '../../../src/event-sourcing';
import { On } from '../../../src/event-sourcing/domain';
import { waitUntil } from '../../support/wait-until';
import { Counted, startTallies, TallySystem } from './tally';

@Entity('totals')
class Total {
  @PrimaryColumn('text')
  id!: string;

  @Column('integer')
  total!: number;
}

/** Rebuilds are looked after in the order of their names, so its comes after that of "tallies". */
@Projector('totals', { version: 1, entities: [Total] })
class TotalProjector {
  @On(Counted)
  async onCounted({ by }: Counted, { rows }: ProjectionContext): Promise<void> {
    const before = await rows(Total).get('all');
    rows(Total).put({ id: 'all', total: (before?.total ?? 0) + by });
  }
}

describe('two rebuilds at once', () => {
  let system: TallySystem;
  let warnings: jest.SpyInstance<void, unknown[]>;

  beforeEach(async () => {
    jest.spyOn(Logger.prototype, 'log').mockImplementation();
    warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    system = await startTallies([Total]);
    await system.dataSource.query('CREATE TABLE totals (id text PRIMARY KEY, total integer NOT NULL)');
  });

  afterEach(async () => {
    await system.close();
    jest.restoreAllMocks();
  });

  it('do not wait for each other: where a long query keeps one from taking over, the other does', async () => {
    await system.count('a', 1, 2);
    const { orders, runner } = system.rebuilding('one', { beside: new TotalProjector() });
    const underWay = async () => (await orders.all()).map(({ projection }) => projection);
    const reader = system.dataSource.createQueryRunner();
    await reader.startTransaction();
    await reader.query('LOCK TABLE tallies IN ACCESS SHARE MODE');
    try {
      await orders.request('tallies');
      await orders.request('totals');
      runner.start();
      await waitUntil(async () => (await underWay()).join() === 'tallies');
      await waitUntil(() => Promise.resolve(warnings.mock.calls.join().includes('lock timeout')));
      const old = "SELECT to_regclass('projection_old.totals') IS NOT NULL AS is_there";
      expect(await system.dataSource.query(old)).toEqual([{ is_there: true }]);
      expect(await system.tallies()).toEqual({});
    } finally {
      await reader.rollbackTransaction();
      await reader.release();
    }
    await waitUntil(async () => (await underWay()).length === 0);
    expect(await system.tallies()).toEqual({ a: { total: 3, seen: '1 2' } });
  });
});
