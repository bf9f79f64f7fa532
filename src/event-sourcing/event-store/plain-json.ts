import { appendLimits } from './append-limits';
import { InvalidAppendError } from './errors';

/**
 * Writes a value as JSON that comes back equal, or refuses it. JSON.stringify alone would change NaN, -0, Date, Map,
 * class instances and holes in silence; Postgres cannot keep NUL or lone surrogates; `__proto__` is a trap for readers.
 * A member whose value is `undefined` is left out.
 */
export function toPlainJson(value: unknown, name: string): string {
  check(value, name, 0);
  return JSON.stringify(value);
}

/** Whether Postgres can keep the text: without NUL and lone surrogates. */
export function isText(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}

/** Refuses text that Postgres cannot keep. */
export function checkText(text: string, path: string): void {
  if (isText(text)) return;
  if (text.includes('\u0000')) throw new InvalidAppendError(`${path} contains NUL, which cannot be stored.`);
  throw new InvalidAppendError(
    `${path} contains a lone surrogate, which is no character and cannot be stored.`,
  );
}

function check(value: unknown, path: string, depth: number): void {
  switch (typeof value) {
    case 'boolean':
      return;
    case 'string':
      return checkText(value, path);
    case 'number':
      return checkNumber(value, path);
    case 'object':
      return value === null ? undefined : checkNested(value, path, depth + 1);
    default:
      throw new InvalidAppendError(
        `${path} is a ${typeof value}, which JSON cannot hold. Use a string or a number.`,
      );
  }
}

function checkNumber(value: number, path: string): void {
  if (!Number.isFinite(value) || Object.is(value, -0)) {
    throw new InvalidAppendError(
      `${path} is ${Object.is(value, -0) ? '-0' : value}, which JSON cannot hold. Use a string, or leave it out.`,
    );
  }
}

function checkNested(value: object, path: string, depth: number): void {
  if (depth > appendLimits.jsonDepth) {
    throw new InvalidAppendError(`${path} is nested deeper than ${appendLimits.jsonDepth} levels.`);
  }
  if (Array.isArray(value)) return checkArray(value, path, depth);
  if (!isPlain(value)) {
    throw new InvalidAppendError(
      `${path} is a ${value.constructor.name}, which would come back as something else. Use plain objects, arrays, strings and numbers.`,
    );
  }
  checkMembers(value, path, depth);
}

/** Made by `{}`, also in another realm: its prototype is the end of the chain. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return (
    prototype === null ||
    (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty'))
  );
}

function checkArray(values: readonly unknown[], path: string, depth: number): void {
  for (let index = 0; index < values.length; index++) check(values[index], `${path}[${index}]`, depth);
}

function checkMembers(value: object, path: string, depth: number): void {
  if (Object.getOwnPropertySymbols(value).length > 0) {
    throw new InvalidAppendError(`${path} has a symbol as a member name, which JSON cannot hold.`);
  }
  for (const [name, member] of Object.entries(value)) {
    if (name === '__proto__')
      throw new InvalidAppendError(`${path} has a member named __proto__. Rename it.`);
    if (name === 'toJSON') throw new InvalidAppendError(`${path} has a member named toJSON. Rename it.`);
    checkText(name, `A member name of ${path}`);
    if (member !== undefined) check(member, `${path}.${name}`, depth);
  }
}
