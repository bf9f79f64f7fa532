import { AssertionError } from 'node:assert';
import { Difference, differenceInWords } from './differences';

/** Differences that a failure shows; it says how many more there are. */
const mostShown = 10;

/** Fails a spec, in any test runner, with a sentence and the differences below it. */
export function fail(sentence: string, differences: readonly Difference[] = []): never {
  const shown = differences.slice(0, mostShown).map(differenceInWords);
  const more = differences.length - shown.length;
  const message = [sentence, ...shown, ...(more > 0 ? [`  and ${more} more`] : [])].join('\n');
  throw new AssertionError({ message, operator: 'fail', stackStartFn: fail });
}
