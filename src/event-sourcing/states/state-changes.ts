import { isDeepStrictEqual } from 'node:util';
import type { Readable, ReadableObject } from './readable';

/** One place where a state is another one than before. */
export interface StateChange {
  /** The place, as a JSON pointer (RFC 6901): `/lines/0/price`. Of a removed element of a list, in the list as it was. */
  readonly pointer: string;
  readonly kind: 'added' | 'removed' | 'changed';
  /** What stood there before; missing for what was added. */
  readonly from?: Readable;
  /** What stands there now; missing for what was removed. */
  readonly to?: Readable;
}

/** What was added, removed and changed between two states, as deep in them as can be told. */
export function stateChanges(before: Readable, after: Readable, pointer = ''): readonly StateChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) return listChanges(before, after, pointer);
  if (isObject(before) && isObject(after)) return memberChanges(before, after, pointer);
  return [{ pointer, kind: 'changed', from: before, to: after }];
}

function memberChanges(
  before: ReadableObject,
  after: ReadableObject,
  pointer: string,
): readonly StateChange[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name): readonly StateChange[] => {
    const place = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (!Object.hasOwn(before, name)) return [{ pointer: place, kind: 'added', to: after[name] }];
    if (!Object.hasOwn(after, name)) return [{ pointer: place, kind: 'removed', from: before[name] }];
    return stateChanges(before[name]!, after[name]!, place);
  });
}

/** Elements that both lists begin and end with are the same; so an element that is put in, or taken out, is one change. */
function listChanges(
  before: readonly Readable[],
  after: readonly Readable[],
  pointer: string,
): readonly StateChange[] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && isDeepStrictEqual(before[start], after[start])) start++;
  let end = 0;
  while (end < shorter - start && isDeepStrictEqual(before.at(-1 - end), after.at(-1 - end))) end++;
  const old = before.slice(start, before.length - end);
  const now = after.slice(start, after.length - end);
  const both = Math.min(old.length, now.length);
  return [
    ...now
      .slice(0, both)
      .flatMap((to, index) => stateChanges(old[index]!, to, `${pointer}/${start + index}`)),
    ...old
      .slice(both)
      .map((from, index) => change('removed', `${pointer}/${start + both + index}`, { from })),
    ...now.slice(both).map((to, index) => change('added', `${pointer}/${start + both + index}`, { to })),
  ];
}

function change(
  kind: StateChange['kind'],
  pointer: string,
  values: Pick<StateChange, 'from' | 'to'>,
): StateChange {
  return { pointer, kind, ...values };
}

function isObject(value: Readable): value is ReadableObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
