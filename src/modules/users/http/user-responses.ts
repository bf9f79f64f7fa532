import type { RecordedEvent } from '../../../event-sourcing';
import type { UserEntity } from '../read-model/user.entity';

export function userResponse(user: UserEntity) {
  return {
    userId: user.userId,
    name: user.name,
    email: user.email,
    isActive: user.isActive,
    createdAt: user.createdAt.toISOString(),
    updatedAt: user.updatedAt.toISOString(),
    version: user.version,
  };
}

export function historyItem(event: RecordedEvent) {
  return {
    version: event.version,
    position: String(event.position),
    type: event.type,
    timestamp: event.timestamp.toISOString(),
    actor: event.metadata.actor,
    correlationId: event.metadata.correlationId,
    data: event.data,
  };
}
