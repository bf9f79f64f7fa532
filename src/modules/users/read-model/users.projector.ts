import { On } from '../../../event-sourcing/domain';
import { type ProjectionContext, Projector } from '../../../event-sourcing';
import {
  UserCreated,
  UserDeactivated,
  UserEmailChanged,
  UserReactivated,
  UserRenamed,
} from '../domain/user-events';
import { UserEntity } from './user.entity';

/** Keeps one row per user. */
@Projector('users', { version: 1, entities: [UserEntity] })
export class UsersProjector {
  @On(UserCreated)
  onCreated({ name, email }: UserCreated, { rows, recorded }: ProjectionContext): void {
    rows(UserEntity).put({
      userId: recorded.stream.id,
      name,
      email,
      isActive: true,
      createdAt: recorded.timestamp,
      updatedAt: recorded.timestamp,
      version: recorded.version,
      createdPosition: String(recorded.position),
    });
  }

  @On(UserRenamed)
  onRenamed({ name }: UserRenamed, context: ProjectionContext): void {
    change(context, { name });
  }

  @On(UserEmailChanged)
  onEmailChanged({ newEmail }: UserEmailChanged, context: ProjectionContext): void {
    change(context, { email: newEmail });
  }

  @On(UserDeactivated)
  onDeactivated(_event: UserDeactivated, context: ProjectionContext): void {
    change(context, { isActive: false });
  }

  @On(UserReactivated)
  onReactivated(_event: UserReactivated, context: ProjectionContext): void {
    change(context, { isActive: true });
  }
}

function change({ rows, recorded }: ProjectionContext, changes: Partial<UserEntity>): void {
  const { stream, timestamp, version } = recorded;
  rows(UserEntity).update(stream.id, { ...changes, updatedAt: timestamp, version });
}
