import { stateChanges } from './state-changes';

describe('what changed in a state', () => {
  it('is one change where an element is put into a list, or taken out', () => {
    expect(stateChanges({ lines: ['a', 'c'] }, { lines: ['a', 'b', 'c'] })).toEqual([
      { pointer: '/lines/1', kind: 'added', to: 'b' },
    ]);
    expect(stateChanges({ lines: ['a', 'b', 'c'] }, { lines: ['b', 'c'] })).toEqual([
      { pointer: '/lines/0', kind: 'removed', from: 'a' },
    ]);
  });

  it('is told at its place, whose names a JSON pointer escapes', () => {
    expect(stateChanges({ 'a/b': [{ '~': 1 }] }, { 'a/b': [{ '~': null }] })).toEqual([
      { pointer: '/a~1b/0/~0', kind: 'changed', from: 1, to: null },
    ]);
  });

  it('is the whole value where it is of another kind than before', () => {
    expect(stateChanges({ at: [1] }, { at: { 0: 1 } })).toEqual([
      { pointer: '/at', kind: 'changed', from: [1], to: { 0: 1 } },
    ]);
  });
});
