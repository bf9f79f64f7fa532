import { Tally, startTallies, TallySystem } from './tally';

describe('the fold of the log', () => {
  let system: TallySystem;

  beforeAll(async () => {
    system = await startTallies([], { pool: 1 });
    system.loop('one').start();
    for (let n = 0; n < 30; n++) await system.count(`s${n % 7}`, n, n + 1);
    await system.positions.waitFor('tallies', 60n, 10_000);
  });

  afterAll(() => system.close());

  const compare = () => system.fold.compare(system.projections.get('tallies'));

  it('is equal to the rows of the read model', async () => {
    expect(await compare()).toEqual({ position: 60n, leftOut: 0, differences: [] });
  });

  it('leaves the read model as it is', async () => {
    const before = await system.tallies();
    await compare();
    expect(await system.tallies()).toEqual(before);
  });

  it('shows a row that was changed, one that was removed, and one that was added', async () => {
    const tallies = system.dataSource.getRepository(Tally);
    const changed = await tallies.findOneByOrFail({ id: 's1' });
    const removed = await tallies.findOneByOrFail({ id: 's2' });
    await tallies.save({ ...changed, total: -1 });
    await tallies.delete({ id: 's2' });
    await tallies.insert({ id: 'stranger', total: 0, seen: '' });
    const { differences } = await compare();
    await tallies.delete({ id: 'stranger' });
    await tallies.save([changed, removed]);
    expect(differences.map(({ side, row }) => `${String(row.id)} ${side}`).sort()).toEqual([
      's1 only in a fresh fold',
      's1 only in the read model',
      's2 only in a fresh fold',
      'stranger only in the read model',
    ]);
  });

  it('gives the same rows to a projection that starts over', async () => {
    const before = await system.tallies();
    await system.dataSource.transaction(async (manager) => {
      await manager.query('TRUNCATE tallies');
      await manager.query(
        'UPDATE annals.subscriptions SET position = 0, epoch = epoch + 1, owner = NULL, lease_expires_at = NULL',
      );
    });
    system.loop('again').start();
    expect(await system.positions.waitFor('tallies', 60n, 20_000)).toBe(true);
    expect(await system.tallies()).toEqual(before);
  });
});
