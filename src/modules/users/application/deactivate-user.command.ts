import { Command, CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { AppendResult, EventSourcedRepository, InjectAggregate } from '../../../event-sourcing';
import { User } from '../domain/user';

export class DeactivateUser extends Command<AppendResult> {
  constructor(
    readonly userId: string,
    readonly ifVersion?: readonly number[],
  ) {
    super();
  }
}

@CommandHandler(DeactivateUser)
export class DeactivateUserHandler implements ICommandHandler<DeactivateUser> {
  constructor(@InjectAggregate(User) private readonly users: EventSourcedRepository<User>) {}

  async execute({ userId, ifVersion }: DeactivateUser): Promise<AppendResult> {
    return this.users.update(userId, (user) => user.deactivate(), { ifVersion });
  }
}
