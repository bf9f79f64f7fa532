import { inspect } from 'node:util';
import { AggregateRoot } from '../domain';
import { privateMembers } from './private-members';

/** What a value of a state is, as plain JSON. */
export type Readable = null | boolean | number | string | readonly Readable[] | ReadableObject;
export interface ReadableObject {
  readonly [member: string]: Readable;
}

/** Those of `AggregateRoot` itself, which come first in each aggregate, are no state. */
let ownOfRoot: number | undefined;

/** The members of an aggregate, `#private` ones included, without its id and what the kernel keeps in it. */
export function readableState(aggregate: AggregateRoot): ReadableObject {
  ownOfRoot ??= privateMembers(new (class extends AggregateRoot {})('')).length;
  const members = Object.entries(aggregate).filter(([name]) => name !== 'id');
  return objectOf([...members, ...privateMembers(aggregate).slice(ownOfRoot)], [aggregate]);
}

/**
 * A value as plain JSON, for people: a bigint and a number that JSON does not know as text; dates in ISO 8601; sets as lists; maps as
 * objects, or as lists of pairs where a key is no text; bytes in base64; anything else by its members. Functions, symbols and
 * `undefined` are left out, and null in lists.
 */
export function readable(value: unknown, within: readonly object[] = []): Readable | undefined {
  if (value === null || typeof value !== 'object') return readableValue(value);
  return within.includes(value) ? '[circular]' : readableObject(value, [...within, value]);
}

function readableValue(value: unknown): Readable | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value === 'bigint') return String(value);
  const isOfJson = value === null || ['string', 'boolean', 'number'].includes(typeof value);
  return isOfJson ? (value as null | string | boolean | number) : undefined;
}

function readableObject(value: object, within: readonly object[]): Readable | undefined {
  if (Array.isArray(value)) return listOf(value, within);
  const tag = Object.prototype.toString.call(value);
  const known = builtIns[tag];
  if (known) return known(value, within);
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  const members = [...Object.entries(value), ...privateMembers(value)];
  return members.length === 0 ? withoutMembers(value) : objectOf(members, within);
}

/** By the tag, which is the same for values of another context. */
const builtIns: Readonly<Record<string, (value: object, within: readonly object[]) => Readable>> = {
  '[object Date]': (date) => (Number.isNaN(Number(date)) ? 'Invalid Date' : (date as Date).toISOString()),
  '[object Set]': (set, within) => listOf([...(set as Set<unknown>)], within),
  '[object Map]': (map, within) => mapOf([...(map as Map<unknown, unknown>)], within),
  '[object RegExp]': (pattern) => inspect(pattern),
  '[object Error]': ({ name, message }: Partial<Error>) => `${name}: ${message}`,
};

function listOf(values: readonly unknown[], within: readonly object[]): Readable {
  return values.map((value) => readable(value, within) ?? null);
}

function mapOf(entries: readonly (readonly [unknown, unknown])[], within: readonly object[]): Readable {
  if (entries.every(([key]) => typeof key === 'string'))
    return objectOf(entries as readonly [string, unknown][], within);
  return entries.map((pair) => listOf(pair, within));
}

/** A value such as a URL, or a date of a library, which says what it is in a way of its own. */
function withoutMembers(value: object): Readable | undefined {
  const { toJSON } = value as { readonly toJSON?: unknown };
  const said: unknown = typeof toJSON === 'function' ? (toJSON.call(value) as unknown) : {};
  return typeof said === 'object' ? {} : readable(said);
}

function objectOf(
  members: readonly (readonly [string, unknown])[],
  within: readonly object[],
): ReadableObject {
  const read = new Map<string, Readable>();
  for (const [name, member] of members) {
    const value = readable(member, within);
    if (value !== undefined) read.set(freeName(name, read), value);
  }
  return Object.fromEntries(read);
}

/** Two classes of which one extends the other may have a `#private` member of one name each. */
function freeName(name: string, taken: ReadonlyMap<string, unknown>): string {
  return taken.has(name) ? freeName(`${name}'`, taken) : name;
}
