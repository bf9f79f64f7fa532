import { Command, CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { AppendResult, EventSourcedRepository, InjectAggregate } from '../../../event-sourcing';
import { User } from '../domain/user';

export class ReactivateUser extends Command<AppendResult> {
  constructor(
    readonly userId: string,
    readonly ifVersion?: readonly number[],
  ) {
    super();
  }
}

@CommandHandler(ReactivateUser)
export class ReactivateUserHandler implements ICommandHandler<ReactivateUser> {
  constructor(@InjectAggregate(User) private readonly users: EventSourcedRepository<User>) {}

  async execute({ userId, ifVersion }: ReactivateUser): Promise<AppendResult> {
    return this.users.update(userId, (user) => user.reactivate(), { ifVersion });
  }
}
