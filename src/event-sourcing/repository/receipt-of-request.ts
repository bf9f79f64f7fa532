import { EventSourcingError } from '../domain';
import { Receipt } from '../messaging/receipt';
import { messageContext } from '../messaging/message-context';

/** A mistake in a command handler: a repeated request could not tell which of its appends were made. */
export class SecondAppendError extends EventSourcingError {
  readonly code = 'receipt.second-append';
  readonly kind = 'defect';

  constructor() {
    super(
      'A request with a receipt stores one append, and this is its second. Let the command change one aggregate, and the others follow from its events in a durable handler.',
    );
  }
}

const stored = new WeakSet<Receipt>();

/** The receipt that the next append of this request is to carry; undefined for a request without one. @throws SecondAppendError */
export function receiptOfRequest(): Receipt | undefined {
  const receipt = messageContext()?.receipt;
  if (receipt && stored.has(receipt)) throw new SecondAppendError();
  return receipt;
}

export function markReceiptStored(receipt: Receipt | undefined): void {
  if (receipt) stored.add(receipt);
}
