import { faultsOfTrail, handovers } from './faults-of-trail';
import { Move } from './trail';

/** `a` takes the lease and projects, and `b` after it. */
const moves: readonly Move[] = [
  move({ service: 'a', owner: 'a', epochBefore: 0, epoch: 1 }),
  move({ service: 'a', owner: 'a', epoch: 1, transaction: '2', position: 5 }),
  move({ service: 'b', owner: 'b', epochBefore: 1, epoch: 2, positionBefore: 5, position: 5 }),
  move({ service: 'b', owner: 'b', epoch: 2, transaction: '4', positionBefore: 5, position: 9 }),
];
const writes = [
  { transaction: '2', service: 'a' },
  { transaction: '4', service: 'b' },
];

function move(given: Partial<Move> & Pick<Move, 'service' | 'owner' | 'epoch'>): Move {
  const unchanged = { transaction: '1', epochBefore: given.epoch, positionBefore: 0, position: 0, at: 0 };
  return { ...unchanged, ...given };
}

function kindsOf(more: readonly Move[], moreWrites = writes): readonly string[] {
  return faultsOfTrail({ moves: [...moves, ...more], writes: moreWrites }).map(
    (fault) => fault.split(':')[0] ?? '',
  );
}

it('finds no fault where each owner moves the checkpoint forward under its own epoch', () => {
  expect(kindsOf([])).toEqual([]);
});

it('finds a checkpoint that a former owner moved', () => {
  expect(kindsOf([move({ service: 'a', owner: 'b', epoch: 2, positionBefore: 9, position: 10 })])).toEqual([
    'stale',
  ]);
});

it('finds a checkpoint that went backwards', () => {
  expect(kindsOf([move({ service: 'b', owner: 'b', epoch: 2, positionBefore: 9, position: 6 })])).toEqual([
    'backwards',
  ]);
});

it('finds an epoch that went backwards', () => {
  expect(kindsOf([move({ service: 'b', owner: 'b', epochBefore: 2, epoch: 1 })])).toEqual(['backwards']);
});

it('finds rows that were written without the checkpoint', () => {
  expect(kindsOf([], [...writes, { transaction: '5', service: 'a' }])).toEqual(['rows']);
});

it('tells a lease that was handed over from one that ran out', () => {
  expect(handovers({ moves, writes })).toEqual([]);
  const released = move({ service: 'a', owner: null, epoch: 1, positionBefore: 5, position: 5 });
  const handed = moves.flatMap((each, index) => (index === 1 ? [each, released] : [each]));
  expect(handovers({ moves: handed, writes })).toEqual([{ from: released, to: moves[2] }]);
});
