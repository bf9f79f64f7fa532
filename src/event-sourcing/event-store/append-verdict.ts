import {
  ClaimTakenError,
  DuplicateEventIdError,
  ReceiptExistsError,
  WrongExpectedVersionError,
} from './errors';
import { appendResult } from './append-result';
import { AppendResult, ClaimedValue } from './event-store';
import { PreparedAppend } from './prepare-append';

/** What the log says to one append. `version` and `position` are those of the stream's last event after that. */
export interface AppendVerdict {
  readonly verdict: 'appended' | 'repeated' | 'receipt' | 'version' | 'duplicate' | 'claim';
  readonly version: number;
  readonly position: bigint;
  /** With `claim`: the value that another stream holds. */
  readonly claim?: ClaimedValue;
}

/** The verdict as the caller sees it: a result, or the error that says why not. */
export function resultOf(append: PreparedAppend, verdict: AppendVerdict): AppendResult {
  switch (verdict.verdict) {
    case 'appended':
    case 'repeated':
      return appendResult(verdict.version, verdict.position);
    case 'receipt':
      throw receiptExists(append);
    case 'version':
      throw new WrongExpectedVersionError(append.stream, append.expectedVersion, verdict.version);
    case 'duplicate':
      throw new DuplicateEventIdError(append.stream);
    case 'claim':
      throw new ClaimTakenError(append.stream, verdict.claim ?? { scope: 'value', value: '' });
  }
}

function receiptExists({ receipt }: PreparedAppend): ReceiptExistsError {
  return new ReceiptExistsError(receipt?.caller ?? '', receipt?.key ?? '');
}
