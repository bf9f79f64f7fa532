import { CheckpointCheck } from '../../../src/event-sourcing';
import { startTallies, TallySystem } from './tally';

describe('the proof that a subscription has seen every event', () => {
  let system: TallySystem;

  beforeEach(async () => {
    system = await startTallies([], { pool: 1 });
    for (const stream of ['a', 'b', 'c']) await system.count(stream, 1);
    const run = system.loop('one');
    run.start();
    await system.positions.waitFor('tallies', 3n, 10_000);
    await run.stop();
  });

  afterEach(() => system.close());

  const proofs = () => new CheckpointCheck(system.dataSource).run();

  it('holds for one that did', async () => {
    expect(await proofs()).toEqual([
      { name: 'tallies', segment: 0, startedAfter: 0n, checkpoint: 3n, sawEvery: true },
    ]);
  });

  it.each([
    ['was moved past an event', 'UPDATE annals.subscriptions SET position = position + 1'],
    ['took one twice', 'UPDATE annals.subscriptions SET position = position - 1'],
    [
      'took another event in place of one',
      `ALTER TABLE annals.events DISABLE TRIGGER events_are_immutable;
       UPDATE annals.events SET event_id = gen_random_uuid() WHERE position = 2`,
    ],
  ])('does not hold for one whose checkpoint %s', async (_what, sql) => {
    await system.count('d', 1);
    await system.dataSource.query(sql);
    expect(await proofs()).toMatchObject([{ sawEvery: false }]);
  });
});
