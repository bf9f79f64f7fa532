import { On } from '../../../event-sourcing/domain';
import { type ProjectionContext, Projector } from '../../../event-sourcing';
import {
  UserCreated,
  UserDeactivated,
  UserEmailChanged,
  UserReactivated,
  UserRenamed,
} from '../domain/user-events';
import { UserReadModelRepository } from './user-read-model.repository';
import { UserEntity } from './user.entity';

/** Keeps one row per user. */
@Projector('users', { version: 1, entities: [UserEntity] })
export class UsersProjector {
  @On(UserCreated)
  async onCreated({ name, email }: UserCreated, { manager, recorded }: ProjectionContext): Promise<void> {
    await new UserReadModelRepository(manager).upsert({
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
  async onRenamed({ name }: UserRenamed, context: ProjectionContext): Promise<void> {
    await change(context, { name });
  }

  @On(UserEmailChanged)
  async onEmailChanged({ newEmail }: UserEmailChanged, context: ProjectionContext): Promise<void> {
    await change(context, { email: newEmail });
  }

  @On(UserDeactivated)
  async onDeactivated(_event: UserDeactivated, context: ProjectionContext): Promise<void> {
    await change(context, { isActive: false });
  }

  @On(UserReactivated)
  async onReactivated(_event: UserReactivated, context: ProjectionContext): Promise<void> {
    await change(context, { isActive: true });
  }
}

async function change({ manager, recorded }: ProjectionContext, changes: Partial<UserEntity>): Promise<void> {
  const { stream, timestamp, version } = recorded;
  await new UserReadModelRepository(manager).update(stream.id, { ...changes, updatedAt: timestamp, version });
}
