import { messageOfThrown } from '../describe-thrown';
import { shown } from './differences';
import { fail } from './spec-failure';

export type ErrorClass = abstract new (...args: never[]) => Error;

/** Fails unless what was thrown is an error of the class. `of` names what should have refused. */
export function checkRefusal(
  of: string,
  errorClass: ErrorClass,
  refusal: { readonly error: unknown } | undefined,
  raised: readonly object[],
): void {
  if (refusal?.error instanceof errorClass) return;
  const received = refusal ? refusalInWords(refusal.error) : `no error; it raised ${namesOf(raised)}`;
  fail(`${of} did not refuse as expected.`, [{ place: 'error', expected: errorClass.name, received }]);
}

export function refusalInWords(error: unknown): string {
  return error instanceof Error ? `${error.constructor.name}: ${messageOfThrown(error)}` : shown(error);
}

function namesOf(events: readonly object[]): string {
  return events.map((event) => event.constructor.name).join(', ') || 'no event';
}
