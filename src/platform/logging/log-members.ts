import { messageContext } from '../../event-sourcing';
import { withoutSecrets } from './without-secrets';

type Members = Readonly<Record<string, string>>;

let traceMembers: () => Members | undefined = () => undefined;

/** Lets each line of the log name the span that it was written in. */
export function addTraceMembers(read: () => Members | undefined): void {
  traceMembers = read;
}

/** What each line of the log carries: the correlation id and the actor of the message that is handled, if any. */
export function logMembers(): Members {
  const context = messageContext();
  if (!context) return { ...traceMembers() };
  const { correlationId, actor } = context;
  return { correlationId, actor: withoutSecrets(actor), ...traceMembers() };
}
