import type { ParkedEvent, RecordedEvent, SubscriptionStatus } from '../../event-sourcing';

export function statusResponse(status: SubscriptionStatus) {
  return {
    ...status,
    checkpoint: String(status.checkpoint),
    head: String(status.head),
    lagEvents: Number(status.lagEvents),
    segments: status.segments.map((segment) => ({ ...segment, checkpoint: String(segment.checkpoint) })),
    rebuiltAt: status.rebuiltAt?.toISOString() ?? null,
    rebuild: status.rebuild && {
      ...status.rebuild,
      checkpoint: String(status.rebuild.checkpoint),
      startedAt: status.rebuild.startedAt.toISOString(),
    },
  };
}

export function parkedResponse({
  position,
  stream,
  firstFailedAt,
  lastFailedAt,
  nextAttemptAt,
  ...rest
}: ParkedEvent) {
  return {
    position: String(position),
    streamType: stream.type,
    streamId: stream.id,
    ...rest,
    firstFailedAt: firstFailedAt?.toISOString() ?? null,
    lastFailedAt: lastFailedAt?.toISOString() ?? null,
    nextAttemptAt: nextAttemptAt?.toISOString() ?? null,
  };
}

export function eventResponse(event: RecordedEvent) {
  return {
    position: String(event.position),
    eventId: event.id,
    type: event.type,
    schemaVersion: event.schemaVersion,
    streamType: event.stream.type,
    streamId: event.stream.id,
    version: event.version,
    timestamp: event.timestamp.toISOString(),
    data: event.data,
    metadata: event.metadata,
  };
}
