import { ValidationFailedError } from '../../../platform';

const positionPattern = /^p([1-9]\d{0,18})$/;
const largestPosition = 2n ** 63n - 1n;

/** Where a page of a list ended, as text that clients hand back and need not understand. */
export function toCursor(position: bigint): string {
  return Buffer.from(`p${position}`).toString('base64url');
}

/** @throws ValidationFailedError for a text that `toCursor` did not make. */
export function fromCursor(cursor: string): bigint {
  const [, digits] = positionPattern.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  const position = BigInt(digits ?? 0);
  if (digits === undefined || position > largestPosition || toCursor(position) !== cursor) {
    throw ValidationFailedError.at('#/cursor', 'must be the nextCursor of an earlier answer');
  }
  return position;
}
