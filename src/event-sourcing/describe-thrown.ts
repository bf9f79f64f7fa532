import { inspect, types } from 'node:util';
import { EventSourcingError } from './domain';

/** What was thrown, as text that any log and any column can hold. */
export interface ThrownText {
  readonly message: string;
  readonly stack: string | undefined;
}

/** Characters that are kept of a message and of a stack. */
const messageLength = 4_000;
const stackLength = 16_000;

/** Causes below causes, and errors of an AggregateError, that are named. */
const causesNamed = 5;

const nothingToSay = 'Something was thrown that cannot be described.';

const escapedCharacters = /[\0\uD800-\uDFFF]/gu;

/**
 * A total function: whatever code of others throws, also values without a prototype, with getters that throw, endless chains of
 * causes or megabytes of text, becomes text of bounded length without NUL and without halves of surrogate pairs.
 */
export function describeThrown(thrown: unknown): ThrownText {
  const errors = withCauses(thrown);
  const messages = errors.map((error) => storable(messageOf(error), messageLength));
  const stacks = errors.flatMap((error) => textMember(error, 'stack') ?? []);
  return {
    message: storable(messages.join('; cause: '), messageLength),
    stack: stacks.length === 0 ? undefined : storable(stacks.join('\ncause: '), stackLength),
  };
}

/** The message alone; see `describeThrown`. */
export function messageOfThrown(thrown: unknown): string {
  return describeThrown(thrown).message;
}

/** The message with the code of an error of the kernel or a domain behind it, `… [log.hole]`: for logs, and for people who operate. */
export function failureInWords(thrown: unknown): string {
  const { message } = describeThrown(thrown);
  return isOf(thrown, EventSourcingError)
    ? `${message} [${String(memberOfThrown(thrown, 'code'))}]`
    : message;
}

/** The member of a thrown value; undefined also where reading it throws. */
export function memberOfThrown(thrown: unknown, name: string): unknown {
  if (!isObject(thrown)) return undefined;
  return attempt(() => (thrown as Record<string, unknown>)[name]);
}

/** Whether the thrown value is of the class; a Proxy never is, because asking it may never end. */
export function isOf<E>(thrown: unknown, errorClass: abstract new (...args: never[]) => E): thrown is E {
  return !types.isProxy(thrown) && attempt(() => thrown instanceof errorClass) === true;
}

function storable(text: string, length: number): string {
  const more = text.length - length;
  const kept = more > 0 ? `${text.slice(0, length)}… (${more} more characters)` : text;
  return kept.replace(escapedCharacters, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${code}`;
  });
}

/** The thrown value, its cause, the cause of that, and so on; of an AggregateError also the errors that it gathers. */
function withCauses(thrown: unknown): unknown[] {
  const found: unknown[] = [thrown];
  for (let index = 0; index < found.length && found.length <= causesNamed; index++) {
    for (const cause of causesOf(found[index])) {
      if (found.length <= causesNamed && !found.includes(cause)) found.push(cause);
    }
  }
  return found;
}

function causesOf(error: unknown): unknown[] {
  const cause = memberOfThrown(error, 'cause');
  const gathered = attempt(() => {
    const errors = memberOfThrown(error, 'errors');
    return Array.isArray(errors) ? (errors.slice(0, causesNamed) as unknown[]) : [];
  });
  return [...(gathered ?? []), ...(isObject(cause) || typeof cause === 'string' ? [cause] : [])];
}

function messageOf(thrown: unknown): string {
  if (!isObject(thrown)) return attempt(() => String(thrown)) ?? nothingToSay;
  return (
    textMember(thrown, 'message') ??
    (isOf(thrown, Error) ? textMember(thrown, 'name') : undefined) ??
    attempt(() =>
      inspect(thrown, { depth: 1, maxArrayLength: 10, maxStringLength: 1_000, getters: false }),
    ) ??
    nothingToSay
  );
}

function textMember(thrown: unknown, name: string): string | undefined {
  const text = memberOfThrown(thrown, name);
  return typeof text === 'string' && text !== '' ? text : undefined;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function attempt<R>(read: () => R): R | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
