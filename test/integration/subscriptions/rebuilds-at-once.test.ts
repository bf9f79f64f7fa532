import { Logger } from '@nestjs/common';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import {
  EventRegistry,
  type ProjectionContext,
  Projections,
  Projector,
  RebuildRefusedError,
  Rebuilds,
} from '../../../src/event-sourcing';
import { On } from '../../../src/event-sourcing/domain';
import { DurableHandlers } from '../../../src/event-sourcing/subscriptions/handlers/durable-handlers';
import { Subscribers } from '../../../src/event-sourcing/subscribers';
import { waitUntil } from '../../support/wait-until';
import { Counted, startTallies, Tally, TallySystem } from './tally';

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

@Projector('other-tallies', { version: 1, entities: [Tally] })
class OtherTallyProjector {
  @On(Counted)
  onCounted({ by }: Counted, { rows, recorded }: ProjectionContext): void {
    rows(Tally).put({ id: recorded.id, total: by, seen: '' });
  }
}

/** The orders of a program that has the other projector alone. */
function onlyOther({ dataSource, store }: TallySystem): Rebuilds {
  const registry = new EventRegistry();
  const projections = new Projections(registry);
  projections.register(new OtherTallyProjector());
  const subscribers = new Subscribers(projections, new DurableHandlers(registry));
  return new Rebuilds(dataSource, projections, subscribers, store);
}

describe('two rebuilds at once', () => {
  let system: TallySystem;
  let warnings: jest.SpyInstance<void, unknown[]>;

  beforeEach(async () => {
    jest.spyOn(Logger.prototype, 'log').mockImplementation();
    warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    system = await startTallies([Total], { held: 1 });
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
      await waitUntil(() =>
        Promise.resolve(warnings.mock.calls.join().includes('tables are in use by process')),
      );
      const old = "SELECT to_regclass('annals_old.totals') IS NOT NULL AS is_there";
      expect(await system.dataSource.query(old)).toEqual([{ is_there: true }]);
      expect(await system.tallies()).toEqual({});
    } finally {
      await reader.rollbackTransaction();
      await reader.release();
    }
    await waitUntil(async () => (await underWay()).length === 0);
    expect(await system.tallies()).toEqual({ a: { total: 3, seen: '1 2' } });
  });

  it('are refused for two projectors of one table, in one program and in two', async () => {
    const one = system.rebuilding('one', { beside: new OtherTallyProjector() });
    const sentence =
      /table "tallies" is a table of "(other-tallies|tallies)" too, whose rows would be dropped\. Give each/;
    await expect(one.orders.request('tallies')).rejects.toThrow(sentence);
    await expect(one.orders.request('tallies')).rejects.toThrow(RebuildRefusedError);
    expect(await one.orders.all()).toEqual([]);
    await system.rebuilding('two').orders.request('tallies');
    const others = onlyOther(system);
    await expect(others.request('other-tallies')).rejects.toThrow(sentence);
    // Of a program that is no longer there; the sentence names the command.
    await others.cancel('tallies');
    await others.request('other-tallies');
    expect(await others.all()).toMatchObject([{ projection: 'other-tallies' }]);
  });

  it('are ordered once, where two programs order one for the same table at the same moment', async () => {
    const two = system.rebuilding('two');
    const orders = [two.orders.request('tallies'), onlyOther(system).request('other-tallies')];
    const outcomes = await Promise.allSettled(orders);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: expect.any(RebuildRefusedError) as RebuildRefusedError,
    });
  });
});
