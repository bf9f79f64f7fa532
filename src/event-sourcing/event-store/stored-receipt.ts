import { Position, StreamId } from './event-envelope';

/** What a receipt tells: where an append left its stream, or the note of a request that appended nothing. */
export type StoredReceipt = { readonly fingerprint: string } & (
  | { readonly stream: StreamId; readonly version: number; readonly position: Position }
  | { readonly note: string }
);
