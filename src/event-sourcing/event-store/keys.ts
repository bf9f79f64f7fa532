import { Receipt } from '../messaging/receipt';

/** One text for a stream, whatever characters its type and id have. */
export function streamKey({ type, id }: { readonly type: string; readonly id: string }): string {
  return keyOf(type, id);
}

/** One text for the receipt of a caller. */
export function receiptKey({ caller, key }: Pick<Receipt, 'caller' | 'key'>): string {
  return keyOf(caller, key);
}

/** One text for a claimed value. */
export function claimKey({ scope, value }: { readonly scope: string; readonly value: string }): string {
  return keyOf(scope, value);
}

/** With the length of the first part no two pairs have one key. */
function keyOf(first: string, second: string): string {
  return `${first.length}:${first}${second}`;
}
