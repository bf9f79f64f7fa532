import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { AggregateNotFoundError } from '../../../event-sourcing';
import { UserReadModelRepository } from '../read-model/user-read-model.repository';
import type { UserEntity } from '../read-model/user.entity';

export class GetUserById extends Query<UserEntity> {
  constructor(readonly userId: string) {
    super();
  }
}

@QueryHandler(GetUserById)
export class GetUserByIdHandler implements IQueryHandler<GetUserById> {
  constructor(private readonly users: UserReadModelRepository) {}

  async execute({ userId }: GetUserById): Promise<UserEntity> {
    const user = await this.users.findById(userId);
    if (!user) throw new AggregateNotFoundError('User', userId);
    return user;
  }
}
