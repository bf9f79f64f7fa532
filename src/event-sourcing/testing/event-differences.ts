import { Difference, differences, shown } from './differences';

/** Where the events, or other messages, are not the expected ones: which of them, and which of its members. */
export function eventDifferences(
  expected: readonly object[],
  received: readonly object[],
  what = 'event',
): Difference[] {
  const count = Math.max(expected.length, received.length);
  return Array.from({ length: count }).flatMap((_, index) =>
    oneDifference(expected[index], received[index], `${what} ${index + 1}`),
  );
}

function oneDifference(
  expected: object | undefined,
  received: object | undefined,
  place: string,
): Difference[] {
  if (!expected || !received || expected.constructor !== received.constructor)
    return [{ place, expected: eventShown(expected), received: eventShown(received, expected) }];
  return differences({ ...expected }, { ...received }, `${place}, ${received.constructor.name}`);
}

function eventShown(event: object | undefined, beside?: object): string {
  if (!event) return 'nothing';
  const { name } = event.constructor;
  const namesake = beside && beside.constructor.name === name ? ' (another class of this name)' : '';
  return `${name} ${shown({ ...event })}${namesake}`;
}
