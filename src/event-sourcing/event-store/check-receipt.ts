import { appendLimits } from './append-limits';
import { InvalidAppendError } from './errors';
import { checkText } from './plain-json';
import { Receipt } from '../messaging/receipt';

const longestKeepSeconds = 31_536_000;

/** @throws InvalidAppendError naming what to change. */
export function checkReceipt({ caller, key, fingerprint, keepSeconds }: Receipt): void {
  checkLength(caller, appendLimits.receiptCallerLength, 'The caller of a receipt');
  checkLength(key, appendLimits.receiptKeyLength, 'The key of a receipt');
  checkLength(fingerprint, appendLimits.nameLength, 'The fingerprint of a receipt');
  if (Number.isInteger(keepSeconds) && keepSeconds >= 0 && keepSeconds <= longestKeepSeconds) return;
  throw new InvalidAppendError(`A receipt is to be kept ${keepSeconds} seconds. Use 0 to 31536000.`);
}

/** @throws InvalidAppendError naming what to change. */
export function checkNote(note: string): void {
  checkLength(note, appendLimits.receiptNoteLength, 'The note of a receipt');
}

function checkLength(text: string, limit: number, what: string): void {
  if (text === '') throw new InvalidAppendError(`${what} is empty.`);
  if (text.length > limit) throw new InvalidAppendError(`${what} is longer than ${limit} characters.`);
  checkText(text, what);
}
