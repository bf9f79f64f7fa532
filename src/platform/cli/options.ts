import { InvalidArgumentError } from 'commander';

/** Reads an option that is a count or a position. */
export function wholeNumber(text: string): bigint {
  if (!/^\d{1,18}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return BigInt(text);
}
