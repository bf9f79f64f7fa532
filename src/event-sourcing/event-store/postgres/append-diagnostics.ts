import { appendBatch, appendConflict, claimTaken } from '../diagnostics';
import { AppendVerdict } from '../append-verdict';
import { ClaimTakenError, WrongExpectedVersionError } from '../errors';
import { NewEvent } from '../event-envelope';
import { PreparedAppend } from '../prepare-append';

type Verdicts = readonly AppendVerdict[];

/** Sends a batch, and tells how long it took and whether it was answered, if anybody wants to know. */
export async function measured(
  batch: readonly PreparedAppend[],
  send: () => Promise<Verdicts>,
): Promise<Verdicts> {
  if (!appendBatch.isObserved) return send();
  const began = performance.now();
  const sent = send();
  const outcome = await sent.then(
    () => 'answered' as const,
    () => 'failed' as const,
  );
  appendBatch.publish({
    appends: batch.length,
    events: batch.reduce((sum, append) => sum + append.events.length, 0),
    milliseconds: performance.now() - began,
    outcome,
  });
  return sent;
}

/** The events with what an observer of the append wants stored in each; their own metadata comes first. */
export function withMetadata(events: readonly NewEvent[], more: Record<string, string>): readonly NewEvent[] {
  if (Object.keys(more).length === 0) return events;
  return events.map((event) => ({ ...event, metadata: { ...more, ...event.metadata } }));
}

/** Tells of an append that was refused because others were faster. */
export function publishRefusal(aggregateType: string, error: unknown): void {
  if (error instanceof WrongExpectedVersionError) appendConflict.publish({ aggregateType });
  if (error instanceof ClaimTakenError) claimTaken.publish({ aggregateType, scope: error.claim.scope });
}
