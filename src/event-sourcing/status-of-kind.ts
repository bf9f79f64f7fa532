import type { ErrorKind } from './domain';

/** The HTTP status that an error of this kind gets, unless its code says more. For hosts that map errors themselves. */
export const statusOfKind: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  'not-found': 404,
  conflict: 409,
  rule: 422,
  unavailable: 503,
  defect: 500,
};
