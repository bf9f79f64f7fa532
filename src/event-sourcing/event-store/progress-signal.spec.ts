import { AppendSignal } from './progress-signal';

describe('the end of the log, as the appends of this process tell it', () => {
  let signal: AppendSignal;
  beforeEach(() => {
    signal = new AppendSignal();
  });

  it('is known for a reader at the last append of this process', () => {
    const { seen } = signal;
    signal.appendedUpTo(5n);
    expect([4n, 5n].map((position) => signal.endsAt(position, seen))).toEqual([false, true]);
  });

  it('is not known for a reader that has read more, which others have appended', () => {
    const { seen } = signal;
    signal.appendedUpTo(5n);
    expect(signal.endsAt(6n, seen)).toBe(false);
  });

  it('is not known when others have told of an append since the page was read', () => {
    const before = signal.seen;
    signal.appendedUpTo(5n);
    signal.notify();
    expect(signal.endsAt(5n, before)).toBe(false);
    expect(signal.endsAt(5n, signal.seen)).toBe(true);
  });

  it.each([5n, 4n])('is not known when an append comes to position %s after one to 5', (position) => {
    signal.appendedUpTo(5n);
    const { seen } = signal;
    signal.appendedUpTo(position);
    expect(signal.endsAt(position, seen)).toBe(false);
  });

  it('wakes who waits behind it at an append, at a notice, and when told to stop', async () => {
    signal.appendedUpTo(5n);
    const stop = new AbortController();
    const moves = [() => signal.appendedUpTo(6n), () => signal.notify(), () => stop.abort()];
    for (const move of moves) {
      const { seen } = signal;
      const position = 5n + BigInt(moves.indexOf(move) > 0);
      const woken = signal.waitBehind(position, seen, 600_000, stop.signal);
      move();
      await expect(woken).resolves.toBeUndefined();
    }
  });
});
