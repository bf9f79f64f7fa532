import type { ProjectionContext } from '../../../src/event-sourcing';
import { type Meddling, startTallies, Tally, type TallySystem } from './tally';

/** Rows that depend on which events came together: the place that an event has in its batch, which has `rows` of its own. */
function withPlaceInBatch(): Meddling {
  const places = new WeakMap<ProjectionContext['rows'], number>();
  return {
    collects: true,
    afterRow({ rows, recorded }) {
      const place = (places.get(rows) ?? 0) + 1;
      places.set(rows, place);
      rows(Tally).update(recorded.stream.id, { total: place });
    },
  };
}

describe('the fold of the log, in other batches than the projector', () => {
  let system: TallySystem;

  beforeEach(async () => {
    system = await startTallies();
    for (let n = 0; n < 30; n++) await system.count(`s${n % 7}`, n, n + 1);
  });

  afterEach(() => system.close());

  const compare = async (meddling: Meddling, batchSize: number) => {
    system.loop('one', { meddling, batchSize }).start();
    expect(await system.positions.waitFor('tallies', 60n, 10_000)).toBe(true);
    return system.fold.compare(system.rebuilding('two', { meddling }).projection);
  };

  it.each([1, 7, 1_000])('shows rows that depend on the batch, which had pages of %s', async (batchSize) => {
    const { differences } = await compare(withPlaceInBatch(), batchSize);
    expect(differences.map(({ side }) => side)).toContain('only in the read model');
  });

  it.each([1, 7, 1_000])('is equal to rows of events alone, in pages of %s', async (batchSize) => {
    expect(await compare({ collects: true }, batchSize)).toEqual({
      position: 60n,
      leftOut: 0,
      differences: [],
    });
  });
});
