import { appendLimits } from './append-limits';
import { InvalidAppendError } from './errors';

/** The name of a value in messages; a function, where building the name costs something. */
export type Label = string | (() => string);

/** Where a value is no plain JSON, and what to say about it. */
interface Flaw {
  /** From the value that was asked about: `.items[3]`; empty where it is the value itself. */
  readonly path: string;
  readonly describe: (path: string) => string;
}

/**
 * Writes a value as JSON that comes back equal, or refuses it. JSON.stringify alone would change NaN, -0, Date, Map,
 * class instances and holes in silence, and a whole number beyond 2^53 was changed before, perhaps; Postgres cannot keep NUL or
 * lone surrogates; `__proto__` is a trap for readers.
 * A member whose value is `undefined` is left out.
 */
export function toPlainJson(value: unknown, label: Label): string {
  refuse(flawOf(value, 0), label);
  return JSON.stringify(value);
}

/** Why the value is no plain JSON, in words; undefined where it is. */
export function plainJsonFlaw(value: unknown, label: Label): string | undefined {
  const found = flawOf(value, 0);
  return found && wordsFor(found, label);
}

/** Whether Postgres can keep the text: without NUL and lone surrogates. */
export function isText(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}

/** Refuses text that Postgres cannot keep. */
export function checkText(text: string, label: Label): void {
  refuse(flawOfText(text), label);
}

export function textOf(label: Label): string {
  return typeof label === 'string' ? label : label();
}

function refuse(flaw: Flaw | undefined, label: Label): void {
  if (flaw) throw new InvalidAppendError(wordsFor(flaw, label));
}

function wordsFor(flaw: Flaw, label: Label): string {
  return flaw.describe(`${textOf(label)}${flaw.path}`);
}

function flaw(describe: Flaw['describe']): Flaw {
  return { path: '', describe };
}

/** Paths are put together on the way back from a flaw, so that a value without one costs none. */
function within(part: string, found: Flaw | undefined): Flaw | undefined {
  return found && { ...found, path: part + found.path };
}

function flawOf(value: unknown, depth: number): Flaw | undefined {
  switch (typeof value) {
    case 'boolean':
      return undefined;
    case 'string':
      return flawOfText(value);
    case 'number':
      return flawOfNumber(value);
    case 'object':
      return value === null ? undefined : flawOfNested(value, depth + 1);
    default:
      return flaw(
        (path) => `${path} is a ${typeof value}, which JSON cannot hold. Use a string or a number.`,
      );
  }
}

function flawOfText(text: string): Flaw | undefined {
  if (isText(text)) return undefined;
  if (text.includes('\u0000')) return flaw((path) => `${path} contains NUL, which cannot be stored.`);
  return flaw((path) => `${path} contains a lone surrogate, which is no character and cannot be stored.`);
}

function flawOfNumber(value: number): Flaw | undefined {
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    return flaw(
      (path) => `${path} is ${value}: a whole number beyond 2^53 may have been another before. Use a string.`,
    );
  if (Number.isFinite(value) && !Object.is(value, -0)) return undefined;
  const written = Object.is(value, -0) ? '-0' : value;
  return flaw((path) => `${path} is ${written}, which JSON cannot hold. Use a string, or leave it out.`);
}

function flawOfNested(value: object, depth: number): Flaw | undefined {
  const { jsonDepth } = appendLimits;
  if (depth > jsonDepth) return flaw((path) => `${path} is nested deeper than ${jsonDepth} levels.`);
  if (Array.isArray(value)) return flawOfArray(value, depth);
  if (isPlain(value)) return flawOfMembers(value as Readonly<Record<string, unknown>>, depth);
  return flaw(
    (path) =>
      `${path} is a ${value.constructor.name}, which would come back as something else. Use plain objects, arrays, strings and numbers.`,
  );
}

/** Made by `{}`, also in another realm: its prototype is the end of the chain. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return (
    prototype === Object.prototype ||
    prototype === null ||
    (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty'))
  );
}

function flawOfArray(values: readonly unknown[], depth: number): Flaw | undefined {
  for (let index = 0; index < values.length; index++) {
    const found = flawOf(values[index], depth);
    if (found) return within(`[${index}]`, found);
  }
  return undefined;
}

function flawOfMembers(value: Readonly<Record<string, unknown>>, depth: number): Flaw | undefined {
  if (Object.getOwnPropertySymbols(value).length > 0)
    return flaw((path) => `${path} has a symbol as a member name, which JSON cannot hold.`);
  for (const name of Object.keys(value)) {
    const member = value[name];
    const found =
      flawOfName(name) ?? (member === undefined ? undefined : within(`.${name}`, flawOf(member, depth)));
    if (found) return found;
  }
  return undefined;
}

function flawOfName(name: string): Flaw | undefined {
  if (name === '__proto__' || name === 'toJSON')
    return flaw((path) => `${path} has a member named ${name}. Rename it.`);
  const found = flawOfText(name);
  return found && flaw((path) => found.describe(`A member name of ${path}`));
}
