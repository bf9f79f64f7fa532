import { v5 as uuidv5 } from 'uuid';
import { StreamId } from '../event-store/event-envelope';
import { messageContext, MessageContext } from '../messaging/message-context';

/** Namespace of event ids that are made from their cause (RFC 9562, version 5). */
const namespace = '6f0c1b0e-9d0c-4f43-8a53-3a4f5c0f2b7e';

/** How many events each handling has stored in each stream. */
const stored = new WeakMap<MessageContext, Map<string, number>>();

/**
 * Ids for events that a durable handler leads to: made from the handler, its event, the stream and their number, so that a
 * second handling of the same event gives the same ids. Undefined outside a durable handler.
 */
export function derivedIds(stream: StreamId, events: number): readonly string[] | undefined {
  const context = messageContext();
  if (context?.derivedFrom === undefined) return undefined;
  const cause = `${context.derivedFrom} ${streamName(stream)}`;
  const first = stored.get(context)?.get(streamName(stream)) ?? 0;
  return Array.from({ length: events }, (_, index) => uuidv5(`${cause} ${first + index}`, namespace));
}

/** Moves on to the next ids, now that these are stored; a lost race that is decided again uses the same ones. */
export function countDerived(stream: StreamId, events: number): void {
  const context = messageContext();
  if (context?.derivedFrom === undefined) return;
  const counts = stored.get(context) ?? new Map<string, number>();
  stored.set(context, counts.set(streamName(stream), (counts.get(streamName(stream)) ?? 0) + events));
}

function streamName({ type, id }: StreamId): string {
  return JSON.stringify([type, id]);
}
