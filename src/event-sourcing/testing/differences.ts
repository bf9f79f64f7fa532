import { inspect, isDeepStrictEqual } from 'node:util';

/** One place where a value is not as it should be. */
export interface Difference {
  readonly place: string;
  readonly expected: string;
  readonly received: string;
}

export function differenceInWords({ place, expected, received }: Difference): string {
  return `  ${place}\n    expected: ${expected}\n    received: ${received}`;
}

/** A value on one line, as a developer would write it. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 6, compact: true, breakLength: Infinity, sorted: false });
}

/** Where two values differ, member by member. `place` names the whole. Members that are `undefined` count. */
export function differences(expected: unknown, received: unknown, place: string): Difference[] {
  if (isDeepStrictEqual(expected, received)) return [];
  if (haveMembers(expected) && haveMembers(received) && Array.isArray(expected) === Array.isArray(received)) {
    const inside = namesOf(expected, received).flatMap((name) =>
      memberDifferences(expected, received, name, place),
    );
    // Without one of a member, the two are of different classes or have hidden members.
    if (inside.length > 0) return inside;
  }
  return [{ place, expected: shown(expected), received: shown(received) }];
}

type Members = Readonly<Record<string, unknown>>;

function memberDifferences(expected: Members, received: Members, name: string, place: string): Difference[] {
  const at = Array.isArray(expected) ? `${place}[${name}]` : `${place}.${name}`;
  if (Object.hasOwn(expected, name) && Object.hasOwn(received, name))
    return differences(expected[name], received[name], at);
  return [{ place: at, expected: memberShown(expected, name), received: memberShown(received, name) }];
}

function memberShown(of: Members, name: string): string {
  return Object.hasOwn(of, name) ? shown(of[name]) : 'nothing';
}

function namesOf(expected: Members, received: Members): string[] {
  return [...new Set([...Object.keys(expected), ...Object.keys(received)])];
}

/** A list, or an object whose members say all of it: not a date, a map or a buffer. */
function haveMembers(value: unknown): value is Members {
  return Array.isArray(value) || Object.prototype.toString.call(value) === '[object Object]';
}
