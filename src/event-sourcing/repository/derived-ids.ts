import { v5 as uuidv5 } from 'uuid';
import { StreamId } from '../event-store/event-envelope';
import { messageContext, MessageContext } from '../messaging/message-context';

/** Namespace of event ids that are made from their cause (RFC 9562, version 5). */
const namespace = '6f0c1b0e-9d0c-4f43-8a53-3a4f5c0f2b7e';

/** How many commands each handling has sent to each stream. */
const commands = new WeakMap<MessageContext, Map<string, number>>();

/** Makes the id of the n-th event of a command, from its type. */
export type DerivedId = (type: string, index: number) => string;

/**
 * Counts one more command of a durable handler to this stream, and makes the ids of its events: from the handler, its event,
 * the stream, and the number of the command, whether or not the commands before it raised anything. So a handler that gets
 * its event again gives the same ids again. Undefined outside a durable handler.
 */
export function derivedIdsOfNextCommand(stream: StreamId): DerivedId | undefined {
  const context = messageContext();
  if (context?.derivedFrom === undefined) return undefined;
  const name = JSON.stringify([stream.type, stream.id]);
  const counts = commands.get(context) ?? new Map<string, number>();
  const command = (counts.get(name) ?? 0) + 1;
  commands.set(context, counts.set(name, command));
  return (type, index) =>
    uuidv5(JSON.stringify([context.derivedFrom, name, command, index, type]), namespace);
}
